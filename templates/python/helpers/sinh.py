def _sinh(x: float) -> float:
    """Return sinh(x); infinite where that is too large."""
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)
