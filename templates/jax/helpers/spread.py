def _spread(value: Array | float, inputs: tuple[Array, ...]) -> Array:
    """Return a value in the shape and the precision that all inputs have together."""
    shape = jnp.broadcast_shapes(*map(jnp.shape, inputs))
    return jnp.broadcast_to(jnp.asarray(value, jnp.result_type(*inputs)), shape)
