def _exprel_slope_anywhere(x: float) -> float:
    """Return the derivative of (exp(x) - 1)/x; infinite where that is too large."""
    try:
        return _exprel_slope(x)
    except (ArithmeticError, ValueError):
        return math.inf if x > 0.0 else math.nan
