def _heaviside(x: float, at_zero: float) -> float:
    """Return 0 below 0, 1 above; nan for nan."""
    if math.isnan(x):
        return x
    return 1.0 if x > 0.0 else at_zero if x == 0.0 else 0.0
