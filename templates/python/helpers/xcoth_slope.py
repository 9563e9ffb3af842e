def _xcoth_slope(x: float) -> float:
    """Return the derivative of x/tanh(x), 1/tanh(x) - x/sinh(x)**2."""
    if x == 0.0:
        return 0.0
    if abs(x) > 1.0:
        size = min(abs(x), 350.0)  # from where on it is 1
        return math.copysign(1.0 / math.tanh(size) - size / math.sinh(size) ** 2, x)
    # Near 0, where that cancels, as the derivative of cosh(x)/(sinh(x)/x).
    s = math.sinh(x) / x
    return x - math.cosh(x) * _sinhc_slope(x) / (s * s)
