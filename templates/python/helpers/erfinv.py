def _erfinv(y: float) -> float:
    """Return x with erf(x) = y, -1 < y < 1."""
    if not abs(y) < 1.0:
        raise ValueError("math domain error")
    if abs(y) > 0.5:
        # There 1 - y is exact.
        return math.copysign(_erfcinv(1.0 - abs(y)), y)
    # Two terms of the series, then Halley's steps.
    half = 0.5 * math.sqrt(math.pi)
    x = half * y * (1.0 + math.pi / 12.0 * y * y)
    for _ in range(2):
        step = (math.erf(x) - y) * half * math.exp(x * x)
        x -= step / (1.0 + x * step)
    return x
