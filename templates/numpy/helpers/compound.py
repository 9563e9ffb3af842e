def _compound(r: Array, n: Array) -> Array:
    """Return ((1 + r)**n - 1)/r, n at r = 0."""
    far = (r < -0.5) & ~(np.abs(n * np.log1p(r)) < 1.0)
    apart, near = np.where(far, r, -0.75), np.where(far, 1.0, r)
    power = np.power(1.0 + apart, n)
    raises = (r == -1.0) & (n < 0.0) & (n > -np.inf)
    direct = np.where(raises, np.nan, (power - 1.0) / apart)
    # expm1(u)/r with u = n*log(1 + r), as a product of quotients that are 1 at 0.
    series = n * _log1prel(near) * _exprel(n * np.log1p(near))
    return np.where(far, direct, series)
