def _sinhc(x: Array) -> Array:
    """Return sinh(x)/x, 1 at 0."""
    some = np.where(x == 0.0, 1.0, x)
    return np.where(x == 0.0, 1.0, np.sinh(some) / some)
