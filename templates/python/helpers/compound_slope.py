def _compound_slope(r: float, n: float) -> float:
    """Return the derivative of ((1 + r)**n - 1)/r by r, n*(n - 1)/2 at r = 0."""
    if r < -0.5:
        power = math.pow(1.0 + r, n - 1.0)
        return (n * power - (power * (1.0 + r) - 1.0) / r) / r
    u = n * math.log1p(r)
    log = math.log1p(r) / r if r != 0.0 else 1.0
    by_power = n / (1.0 + r) * log * _exprel_slope(u)
    return n * (by_power + _log1prel_slope(r) * _exprel(u))
