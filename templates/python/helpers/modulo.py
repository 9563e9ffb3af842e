def _modulo(x: float, y: float) -> float:
    """Return x - y*floor(x/y); nan where y = 0."""
    return x % y if y != 0.0 else math.nan
