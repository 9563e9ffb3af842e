def _xcot_slope(x: float) -> float:
    """Return the derivative of x/tan(x), (1 - x/sin(x)/cos(x))/tan(x)."""
    if x == 0.0:
        return 0.0
    if abs(x) > 1.0:
        return 1.0 / math.tan(x) - x / math.sin(x) ** 2
    # Near 0, where that cancels, as the derivative of cos(x)/(sin(x)/x).
    s = math.sin(x) / x
    return -x - math.cos(x) * _sinc_slope(x) / (s * s)
