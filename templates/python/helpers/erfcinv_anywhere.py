def _erfcinv_anywhere(q: float) -> float:
    """Return erfcinv(q); infinite at 0 and 2, nan beyond."""
    try:
        return _erfcinv(q)
    except (ArithmeticError, ValueError):
        return math.inf if q == 0.0 else -math.inf if q == 2.0 else math.nan
