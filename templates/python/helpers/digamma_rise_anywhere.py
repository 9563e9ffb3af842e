def _digamma_rise_anywhere(a: float, b: float) -> float:
    """Return digamma(a + b) - digamma(a); nan where that has no value."""
    try:
        return _digamma_rise(a, b)
    except (ArithmeticError, ValueError):
        return math.nan
