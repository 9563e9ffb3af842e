def _each(gradient: Array | float, column: Array) -> Array:
    """Return the gradient of a sum over rows as that of each row."""
    return np.broadcast_to(gradient, np.shape(column))
