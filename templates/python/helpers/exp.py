def _exp(x: float) -> float:
    """Return exp(x); infinite where that is too large."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf
