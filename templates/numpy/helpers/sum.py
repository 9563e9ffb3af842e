def _sum(value: Array | float, inputs: tuple[Array, ...]) -> Array:
    """Return the sum of a value over all that inputs hold together."""
    return _spread(value, inputs).sum()
