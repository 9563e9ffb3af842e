def _log_erfc_slope_anywhere(x: float) -> float:
    """Return the derivative of log(erfc(x)); -infinity at infinity."""
    try:
        return _log_erfc_slope(x)
    except (ArithmeticError, ValueError):
        return -math.inf if x > 0.0 else math.nan
