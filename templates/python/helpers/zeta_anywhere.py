def _zeta_anywhere(s: float) -> float:
    """Return zeta(s); infinite at 1, nan below."""
    try:
        return _zeta(s)
    except (ArithmeticError, ValueError):
        return math.inf if s == 1.0 else math.nan
