def _xcsch(x: float) -> float:
    """Return x/sinh(x), 1 at 0."""
    if abs(x) > 700.0:
        return 2.0 * abs(x) * math.exp(-abs(x))
    return x / math.sinh(x) if x != 0.0 else 1.0
