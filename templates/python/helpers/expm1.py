def _expm1(x: float) -> float:
    """Return exp(x) - 1; infinite where that is too large."""
    try:
        return math.expm1(x)
    except OverflowError:
        return math.inf
