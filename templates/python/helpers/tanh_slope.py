def _tanh_slope(x: float) -> float:
    """Return 1 - tanh(x)**2, right to its own last digits."""
    # 4*e/(1 + e)**2, without the cancellation.
    e = math.exp(-2.0 * abs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))
