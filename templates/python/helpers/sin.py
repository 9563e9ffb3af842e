def _sin(x: float) -> float:
    """Return sin(x); nan where x is infinite."""
    return math.sin(x) if abs(x) < math.inf else math.nan
