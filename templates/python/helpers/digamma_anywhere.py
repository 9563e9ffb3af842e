def _digamma_anywhere(x: float) -> float:
    """Return digamma(x); infinite at 0, nan at its other poles."""
    try:
        return _digamma(x)
    except (ArithmeticError, ValueError):
        return math.copysign(math.inf, -x) if x == 0.0 else math.nan
