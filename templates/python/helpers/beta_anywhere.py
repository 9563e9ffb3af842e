def _beta_anywhere(a: float, b: float) -> float:
    """Return beta(a, b); infinite at 0, nan below."""
    try:
        return _beta(a, b)
    except (ArithmeticError, ValueError):
        return math.inf if min(a, b) == 0.0 else math.nan
