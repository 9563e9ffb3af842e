def _compound_by_power(r: float, n: float) -> float:
    """Return the derivative of ((1 + r)**n - 1)/r by n; nan where r is below -1."""
    if r <= -1.0:
        return 0.0 if r == -1.0 else math.nan
    log = math.log1p(r) / r if r != 0.0 else 1.0
    return math.exp(n * math.log1p(r)) * log
