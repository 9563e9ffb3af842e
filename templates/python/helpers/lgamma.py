def _lgamma(x: float) -> float:
    """Return log(abs(gamma(x))); infinite at its poles and where it is too large."""
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return math.inf
