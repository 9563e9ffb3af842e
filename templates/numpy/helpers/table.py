def _table(slopes: tuple[Array | float, ...], inputs: tuple[Array, ...]) -> Array:
    """Return slopes in the shape (rows, parameters)."""
    return np.stack([_spread(slope, inputs) for slope in slopes], -1)
