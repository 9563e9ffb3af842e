def _compound_by_power(r: float, n: float) -> float:
    """Return the derivative of ((1 + r)**n - 1)/r by n, (1 + r)**n*log(1 + r)/r; nan below -1, where there is none."""
    if r <= -1.0:
        return 0.0 if r == -1.0 else math.nan
    log = math.log1p(r) / r if r != 0.0 else 1.0
    return math.exp(n * math.log1p(r)) * log
