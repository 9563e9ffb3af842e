def _minimum(x: float, y: float) -> float:
    """Return the smaller of two; nan if one is."""
    return x if x <= y or math.isnan(x) else y
