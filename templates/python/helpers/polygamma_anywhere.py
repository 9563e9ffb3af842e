def _polygamma_anywhere(n: int, x: float) -> float:
    """Return polygamma(n, x); infinite at 0, nan where it has no value."""
    if math.isinf(x):
        return 0.0 if x > 0.0 else math.nan
    try:
        return _polygamma(n, x)
    except OverflowError:
        return math.inf if n % 2 or x < 0.0 else -math.inf
    except ValueError:
        return math.nan if x != 0.0 else math.inf if n % 2 else -math.inf
