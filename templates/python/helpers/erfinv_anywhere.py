def _erfinv_anywhere(y: float) -> float:
    """Return erfinv(y); infinite at -1 and 1, nan beyond."""
    try:
        return _erfinv(y)
    except (ArithmeticError, ValueError):
        return math.copysign(math.inf, y) if abs(y) == 1.0 else math.nan
