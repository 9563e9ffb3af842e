def _log_softplus_slope(x: float) -> float:
    """Return the derivative of log(log(1 + exp(x)))."""
    if x < -37.0:
        return 1.0 - 0.5 * math.exp(x)
    t = math.exp(-abs(x))
    sigmoid = 1.0 / (1.0 + t) if x > 0.0 else t / (1.0 + t)
    return sigmoid / (max(x, 0.0) + math.log1p(t))
