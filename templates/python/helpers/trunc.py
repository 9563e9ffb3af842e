def _trunc(x: float) -> float:
    """Return x without its fraction; x itself where that is infinite or nan."""
    return float(math.trunc(x)) if abs(x) < math.inf else x
