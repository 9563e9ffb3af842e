def _log(x: float) -> float:
    """Return log(x); -inf at 0, nan below."""
    return math.log(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan
