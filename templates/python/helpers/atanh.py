def _atanh(x: float) -> float:
    """Return atanh(x); infinite at -1 and 1, nan beyond."""
    if abs(x) < 1.0:
        return math.atanh(x)
    return math.copysign(math.inf, x) if abs(x) == 1.0 else math.nan
