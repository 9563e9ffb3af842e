def _atanc_slope(x: float) -> float:
    """Return the derivative of atan(x)/x, (1/(1 + x**2) - atan(x)/x)/x."""
    if abs(x) > 0.5:
        return (1.0 / (1.0 + x * x) - math.atan(x) / x) / x
    # Near 0, where that cancels, by its power series.
    square = x * x
    total = 0.0
    for k in range(27, 0, -1):
        total = 2.0 * k / (2.0 * k + 1.0) - total * square
    return -x * total
