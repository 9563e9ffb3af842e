def _gauss(x: Array) -> Array:
    """Return exp(-x**2), right to its own last digits."""
    near = np.clip(x, -28.0, 28.0)
    # The square of the larger part is exact.
    high = np.floor(near * 64.0) / 64.0
    return np.exp(-high * high) * np.exp(-(near - high) * (near + high))
