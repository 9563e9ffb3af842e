def _floor(x: float) -> float:
    """Return floor(x); x itself where that is infinite or nan."""
    return float(math.floor(x)) if abs(x) < math.inf else x
