def _tan(x: float) -> float:
    """Return tan(x); nan where x is infinite."""
    return math.tan(x) if abs(x) < math.inf else math.nan
