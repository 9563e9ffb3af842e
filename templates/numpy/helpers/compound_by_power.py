def _compound_by_power(r: Array, n: Array) -> Array:
    """Return the derivative of ((1 + r)**n - 1)/r by n; nan where r is below -1."""
    some = np.where(r == -1.0, 1.0, r)
    slope = np.exp(n * np.log1p(some)) * _log1prel(some)
    return np.where(r == -1.0, 0.0, slope)
