def _log1p(x: float) -> float:
    """Return log(1 + x); -inf at -1, nan below."""
    return math.log1p(x) if x > -1.0 else -math.inf if x == -1.0 else math.nan
