def _cos(x: float) -> float:
    """Return cos(x); nan where x is infinite."""
    return math.cos(x) if abs(x) < math.inf else math.nan
