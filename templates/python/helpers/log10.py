def _log10(x: float) -> float:
    """Return log10(x); -inf at 0, nan below."""
    return math.log10(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan
