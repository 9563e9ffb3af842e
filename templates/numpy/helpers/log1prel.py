def _log1prel(x: Array) -> Array:
    """Return log(1 + x)/x, 1 at 0."""
    some = np.where(x == 0.0, 1.0, x)
    return np.where(x == 0.0, 1.0, np.log1p(some) / some)
