def _xcoth_slope(x: float) -> float:
    """Return the derivative of x/tanh(x), 1/tanh(x) - x/sinh(x)**2."""
    if x == 0.0:
        return 0.0
    if abs(x) > 1.0:
        return 1.0 / math.tanh(x) - x / math.sinh(min(abs(x), 350.0)) ** 2
    # Near 0, where that cancels, as the derivative of cosh(x)/(sinh(x)/x).
    s = math.sinh(x) / x
    return x - math.cosh(x) * _sinhc_slope(x) / (s * s)
