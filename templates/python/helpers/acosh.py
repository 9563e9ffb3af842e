def _acosh(x: float) -> float:
    """Return acosh(x); nan below 1."""
    return math.acosh(x) if x >= 1.0 else math.nan
