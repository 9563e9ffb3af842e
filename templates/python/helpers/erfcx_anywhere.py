def _erfcx_anywhere(x: float) -> float:
    """Return exp(x**2)*erfc(x); infinite where that is too large."""
    try:
        return _erfcx(x)
    except (ArithmeticError, ValueError):
        return (math.inf if x < 0.0 else 0.0) if not math.isnan(x) else math.nan
