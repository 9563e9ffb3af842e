def _log_beta_anywhere(a: float, b: float) -> float:
    """Return log(beta(a, b)); infinite at 0, nan below."""
    try:
        return _log_beta(a, b)
    except (ArithmeticError, ValueError):
        return math.inf if min(a, b) == 0.0 else math.nan
