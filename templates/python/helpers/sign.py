def _sign(x: float) -> float:
    """Return -1, 0 or 1 by the sign of x; nan for nan."""
    return math.copysign(1.0, x) if x > 0.0 or x < 0.0 else x
