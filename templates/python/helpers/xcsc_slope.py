def _xcsc_slope(x: float) -> float:
    """Return the derivative of x/sin(x), (1 - x/tan(x))/sin(x)."""
    if x == 0.0:
        return 0.0
    s = math.sin(x)
    if abs(x) > 1.0:
        return (1.0 - x / math.tan(x)) / s
    # Near 0, where that cancels, as the derivative of 1/(sin(x)/x).
    return -_sinc_slope(x) * (x / s) ** 2
