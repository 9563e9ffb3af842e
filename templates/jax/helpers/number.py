def _number(value: Array | float, inputs: tuple[Array, ...]) -> Array:
    """Return one number for all rows, in the precision that all inputs have together."""
    return jnp.asarray(value, jnp.result_type(*inputs)).reshape(())
