def _mean(value: Array | float, inputs: tuple[Array, ...]) -> Array:
    """Return the mean of a value over all that inputs hold together."""
    return _spread(value, inputs).mean()
