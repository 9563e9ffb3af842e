def _log1prel_slope_anywhere(x: float) -> float:
    """Return the derivative of log(1 + x)/x; infinite at -1, nan below."""
    try:
        return _log1prel_slope(x)
    except (ArithmeticError, ValueError):
        return -math.inf if x == -1.0 else math.nan
