def _ceil(x: float) -> float:
    """Return ceil(x); x itself where that is infinite or nan."""
    return float(math.ceil(x)) if abs(x) < math.inf else x
