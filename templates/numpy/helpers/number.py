def _number(value: Array | float, inputs: tuple[Array, ...]) -> Array:
    """Return one number for all rows, in the precision that all inputs have together."""
    return np.asarray(value, np.result_type(*inputs)).reshape(())[()]
