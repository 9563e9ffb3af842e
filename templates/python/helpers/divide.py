def _divide(x: float, y: float) -> float:
    """Return x/y; infinite at a pole, nan for 0/0."""
    return x / y if y != 0.0 else x * math.copysign(math.inf, y)
