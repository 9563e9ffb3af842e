def _log_norm_cdf_anywhere(x: float) -> float:
    """Return the logarithm of the normal distribution function; -inf at -inf."""
    try:
        return _log_norm_cdf(x)
    except (ArithmeticError, ValueError):
        return -math.inf if x < 0.0 else math.nan
