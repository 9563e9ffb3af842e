def _trigamma(x: float) -> float:
    """Return the derivative of digamma."""
    if x > 0.0:
        return _polygamma(1, x)
    # By reflection; the distance from the nearest pole is exact.
    part = x - math.floor(x + 0.5)
    if part == 0.0:
        raise ValueError("math domain error")
    return (math.pi / math.sin(math.pi * part)) ** 2 - _polygamma(1, 1.0 - x)
