def _exprel(x: Array) -> Array:
    """Return (exp(x) - 1)/x, 1 at 0."""
    some = np.where(x == 0.0, 1.0, x)
    return np.where(x == 0.0, 1.0, np.expm1(some) / some)
