def _log1prel_slope(x: float) -> float:
    """Return the derivative of log(1 + x)/x, (1/(1 + x) - log(1 + x)/x)/x."""
    if abs(x) > 0.3:
        return (1.0 / (1.0 + x) - math.log1p(x) / x) / x
    # Near 0, where that cancels, by its power series.
    total = 0.0
    for k in range(32, 0, -1):
        total = k / (k + 1.0) - total * x
    return -total
