def _log2(x: float) -> float:
    """Return log2(x); -inf at 0, nan below."""
    return math.log2(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan
