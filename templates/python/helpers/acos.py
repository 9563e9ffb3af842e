def _acos(x: float) -> float:
    """Return acos(x); nan beyond -1 and 1."""
    return math.acos(x) if abs(x) <= 1.0 else math.nan
