def _sinhc_slope(x: float) -> float:
    """Return the derivative of sinh(x)/x, (cosh(x) - sinh(x)/x)/x."""
    if abs(x) > 2.0:
        return (math.cosh(x) - math.sinh(x) / x) / x
    # Near 0, where that cancels, by its power series in nested form.
    square = x * x
    total = 0.0
    for k in range(13, 0, -1):
        total = (1.0 + total) * square / (2.0 * k * (2.0 * k + 3.0))
    return x / 3.0 * (1.0 + total)
