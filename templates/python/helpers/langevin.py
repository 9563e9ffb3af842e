def _langevin(x: float) -> float:
    """Return 1/tanh(x) - 1/x, 0 at 0."""
    if abs(x) > 1.0:
        return 1.0 / math.tanh(x) - 1.0 / x
    # Near 0, where that cancels, as the logarithmic derivative of sinh(x)/x.
    return _sinhc_slope(x) / (math.sinh(x) / x) if x != 0.0 else 0.0
