def _erfcx_slope_anywhere(x: float) -> float:
    """Return the derivative of erfcx(x); -infinity where that is too large."""
    try:
        return _erfcx_slope(x)
    except (ArithmeticError, ValueError):
        return -math.inf if x < 0.0 else math.nan
