def _erfcinv(q: float) -> float:
    """Return x with erfc(x) = q, 0 < q < 2."""
    if not 0.0 < q < 2.0:
        raise ValueError("math domain error")
    if q > 1.5:
        return -_erfcinv(2.0 - q)
    if q >= 0.5:
        return _erfinv(1.0 - q)
    # Winitzki's estimate, then Newton's steps on log(erfc(x)).
    log = math.log(q) + math.log(2.0 - q)
    t = 2.0 / (math.pi * 0.147) + 0.5 * log
    x = min(math.sqrt(math.sqrt(t * t - log / 0.147) - t), 26.5)
    for _ in range(4):
        tail = math.erfc(x)
        slope = 2.0 / math.sqrt(math.pi) * math.exp(-x * x)
        x += math.log(tail / q) * (tail / slope)
    return x
