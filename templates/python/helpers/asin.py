def _asin(x: float) -> float:
    """Return asin(x); nan beyond -1 and 1."""
    return math.asin(x) if abs(x) <= 1.0 else math.nan
