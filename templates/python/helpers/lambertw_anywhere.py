def _lambertw_anywhere(x: float) -> float:
    """Return lambertw(x); nan below -1/e."""
    try:
        return _lambertw(x)
    except (ArithmeticError, ValueError):
        return math.nan
