def _exp_erfc_anywhere(a: float, b: float) -> float:
    """Return exp(a)*erfc(b); infinite where that is too large."""
    try:
        return _exp_erfc(a, b)
    except (ArithmeticError, ValueError):
        return math.inf if a > 0.0 and not math.isnan(b) else math.nan
