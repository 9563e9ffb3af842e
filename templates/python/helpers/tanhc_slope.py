def _tanhc_slope(x: float) -> float:
    """Return the derivative of tanh(x)/x, (1 - tanh(x)**2 - tanh(x)/x)/x."""
    if x == 0.0:
        return 0.0
    t = math.tanh(x)
    if abs(x) > 1.0:
        return ((1.0 - t) * (1.0 + t) - t / x) / x
    # Near 0, where that cancels, as the derivative of (sinh(x)/x)/cosh(x).
    return _sinhc_slope(x) / math.cosh(x) - t * (t / x)
