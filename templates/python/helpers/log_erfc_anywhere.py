def _log_erfc_anywhere(x: float) -> float:
    """Return log(erfc(x)); -infinity at infinity."""
    try:
        return _log_erfc(x)
    except (ArithmeticError, ValueError):
        return -math.inf if x > 0.0 else math.nan
