def _exprel(x: float) -> float:
    """Return (exp(x) - 1)/x, 1 at 0."""
    return math.expm1(x) / x if x != 0.0 else 1.0
