def _largest(x: Array) -> Array:
    """Return the largest number of all rows, as a finite one, which cancels in what reads it."""
    return jax.lax.stop_gradient(jnp.nan_to_num(jnp.max(x, initial=-jnp.inf)))
