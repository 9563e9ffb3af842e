def _compound(r: float, n: float) -> float:
    """Return ((1 + r)**n - 1)/r, n at r = 0."""
    if r < -0.5:
        return (math.pow(1.0 + r, n) - 1.0) / r
    # expm1(u)/r with u = n*log(1 + r), as a product of quotients that are 1 at 0.
    log = math.log1p(r) / r if r != 0.0 else 1.0
    return n * log * _exprel(n * math.log1p(r))
