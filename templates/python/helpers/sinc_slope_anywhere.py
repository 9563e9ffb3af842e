def _sinc_slope_anywhere(x: float) -> float:
    """Return the derivative of sin(x)/x; nan where x is infinite."""
    try:
        return _sinc_slope(x)
    except (ArithmeticError, ValueError):
        return math.nan
