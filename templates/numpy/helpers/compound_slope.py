def _compound_slope(r: Array, n: Array) -> Array:
    """Return the derivative of ((1 + r)**n - 1)/r by r, n*(n - 1)/2 at r = 0."""
    far = (r < -0.5) & ~(np.abs(n * np.log1p(r)) < 1.0)
    apart, near = np.where(far, r, -0.75), np.where(far, 1.0, r)
    base = 1.0 + apart
    # Where n is so large that it is even, n - 1 is no odd number.
    whole = (r < -1.0) & (np.abs(n) > 1e15) & (np.abs(n) < np.inf)
    power = np.where(whole, np.power(base, n) / base, np.power(base, n - 1.0))
    direct = n * power - (power * base - 1.0) / apart
    # Where the power is too large, without its last factor.
    ratio = base / apart
    large = np.power(base, n - 2.0) * ratio * (n - ratio)
    finite = np.isfinite(direct) | np.isnan(power) | np.isinf(n)
    direct = np.where(finite, direct / apart, large)
    direct = np.where((r == -1.0) & (n < 1.0), np.nan, direct)
    u = n * np.log1p(near)
    by_power = n / (1.0 + near) * _log1prel(near) * _exprel_slope(u)
    series = n * (by_power + _log1prel_slope(near) * _exprel(u))
    over = ~far & (np.exp(u) == np.inf) & (u < np.inf)
    return np.where(over, np.inf, np.where(far, direct, series))
