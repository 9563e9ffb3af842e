def _log_softplus(x: float) -> float:
    """Return log(log(1 + exp(x)))."""
    if x < -37.0:
        return x - 0.5 * math.exp(x)
    return math.log(max(x, 0.0) + math.log1p(math.exp(-abs(x))))
