def _cosh(x: float) -> float:
    """Return cosh(x); infinite where that is too large."""
    try:
        return math.cosh(x)
    except OverflowError:
        return math.inf
