def _trigamma_anywhere(x: float) -> float:
    """Return trigamma(x); infinite at its poles."""
    try:
        return _trigamma(x)
    except (ArithmeticError, ValueError):
        return 0.0 if x == math.inf else math.inf if x > -math.inf else math.nan
