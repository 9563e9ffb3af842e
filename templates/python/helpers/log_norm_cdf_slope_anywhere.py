def _log_norm_cdf_slope_anywhere(x: float) -> float:
    """Return the derivative of log_norm_cdf(x); infinite at -infinity."""
    try:
        return _log_norm_cdf_slope(x)
    except (ArithmeticError, ValueError):
        return math.inf if x < 0.0 else math.nan
