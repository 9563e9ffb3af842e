def _sqrt(x: float) -> float:
    """Return sqrt(x); nan below 0."""
    return math.sqrt(x) if x >= 0.0 else math.nan
