def _cbrt(x: float) -> float:
    """Return the real cube root: a power, then one Newton step to the last digit."""
    if x == 0.0 or x - x != 0.0:
        return x
    y = math.pow(abs(x), 1.0 / 3.0)
    return math.copysign(y - (y - abs(x) / (y * y)) / 3.0, x)
