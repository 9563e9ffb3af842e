def _gauss(x: float) -> float:
    """Return exp(-x**2), right to its own last digits."""
    if abs(x) > 28.0:
        return 0.0
    # The square of the larger part is exact.
    high = math.floor(x * 64.0) / 64.0
    return math.exp(-high * high) * math.exp(-(x - high) * (x + high))
