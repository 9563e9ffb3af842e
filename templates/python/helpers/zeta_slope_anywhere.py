def _zeta_slope_anywhere(s: float) -> float:
    """Return the derivative of zeta(s); -inf at 1, nan below."""
    try:
        return _zeta_slope(s)
    except (ArithmeticError, ValueError):
        return -math.inf if s == 1.0 else math.nan
