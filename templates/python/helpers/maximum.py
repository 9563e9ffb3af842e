def _maximum(x: float, y: float) -> float:
    """Return the larger of two; nan if one is."""
    return x if x >= y or math.isnan(x) else y
