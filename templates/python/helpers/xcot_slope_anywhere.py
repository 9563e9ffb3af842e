def _xcot_slope_anywhere(x: float) -> float:
    """Return the derivative of x/tan(x); nan where x is infinite."""
    try:
        return _xcot_slope(x)
    except (ArithmeticError, ValueError):
        return math.nan
