def _round(x: float) -> float:
    """Return the whole number next to x; x itself where that is infinite or nan."""
    return float(round(x)) if abs(x) < math.inf else x
