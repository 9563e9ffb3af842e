def _exprel_slope(x: float) -> float:
    """Return the derivative of (exp(x) - 1)/x, (exp(x) - (exp(x) - 1)/x)/x."""
    if abs(x) > 1.0:
        return (math.exp(x) - math.expm1(x) / x) / x
    # Near 0, where that cancels, by its power series in nested form.
    total = 1.0
    for k in range(18, 0, -1):
        total = 1.0 + total * x * (k + 1.0) / (k * (k + 2.0))
    return 0.5 * total
