def _log_norm_cdf(x: Array) -> Array:
    """Return log(norm_cdf(x)); above 0 by the other tail, of which JAX's own loses digits."""
    tail = special.ndtr(-jnp.maximum(x, 0.0))
    return jnp.where(x > 0.0, jnp.log1p(-tail), special.log_ndtr(jnp.minimum(x, 0.0)))
