def _bern(x: float) -> float:
    """Return x/(exp(x) - 1), 1 at 0."""
    if x == 0.0:
        return 1.0
    return x / math.expm1(x) if x < 700.0 else x * math.exp(-x)
