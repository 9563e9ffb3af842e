def _xcsc_slope_anywhere(x: float) -> float:
    """Return the derivative of x/sin(x); nan where x is infinite."""
    try:
        return _xcsc_slope(x)
    except (ArithmeticError, ValueError):
        return math.nan
