def _polygamma_anywhere(n: int, x: float) -> float:
    """Return polygamma(n, x); infinite at 0, nan where it has no value."""
    if x == math.inf:
        return 0.0
    try:
        return _polygamma(n, x)
    except (ArithmeticError, ValueError):
        return math.nan if x != 0.0 else math.inf if n % 2 else -math.inf
