def _erfcx(x: float) -> float:
    """Return exp(x**2)*erfc(x)."""
    if x < 12.0:
        # The square of the larger part is exact.
        high = math.floor(x * 64.0) / 64.0
        low = x - high
        return math.exp(high * high) * math.exp(low * (x + high)) * math.erfc(x)
    # The asymptotic series, Abramowitz and Stegun 7.1.23.
    total = 1.0
    for k in range(25, 0, -2):
        total = 1.0 - 0.5 * k * total / x / x
    return total / x / 1.772453850905516
