def _sinhc_slope_anywhere(x: float) -> float:
    """Return the derivative of sinh(x)/x; infinite where that is too large."""
    try:
        return _sinhc_slope(x)
    except (ArithmeticError, ValueError):
        return math.copysign(math.inf, x)
