def _xcsch_slope(x: float) -> float:
    """Return the derivative of x/sinh(x), (1 - x/tanh(x))/sinh(x)."""
    if abs(x) > 700.0:
        return math.copysign(2.0 * (abs(x) - 1.0) * math.exp(-abs(x)), -x)
    if abs(x) > 1.0:
        return (1.0 - x / math.tanh(x)) / math.sinh(x)
    # Near 0, where that cancels, as the derivative of 1/(sinh(x)/x).
    return -_sinhc_slope(x) * _xcsch(x) ** 2
