def _floor_divide(x: float, y: float) -> float:
    """Return floor(x/y); infinite at a pole, nan for 0/0."""
    return x // y if y != 0.0 else x * math.copysign(math.inf, y)
