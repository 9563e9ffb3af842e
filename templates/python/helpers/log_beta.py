def _log_beta(a: float, b: float) -> float:
    """Return log(gamma(a)*gamma(b)/gamma(a + b)) for a, b > 0."""
    if not (a > 0.0 and b > 0.0):
        raise ValueError("math domain error")
    small, large = min(a, b), max(a, b)
    if small < 1e-300:
        return -math.log(small)
    if large < 10.0:
        return math.log(math.gamma(a) * (math.gamma(b) / math.gamma(a + b)))
    # Stirling's formula for each large argument, with the remainders summed apart.
    rest = 0.0
    for sign, x in ((1.0, small), (1.0, large), (-1.0, small + large)):
        if x >= 10.0:
            square = 1.0 / x / x
            series = 0.0
            for c in (
                -3617.0 / 122400.0,
                1.0 / 156.0,
                -691.0 / 360360.0,
                1.0 / 1188.0,
                -1.0 / 1680.0,
                1.0 / 1260.0,
                -1.0 / 360.0,
                1.0 / 12.0,
            ):
                series = series * square + c
            rest += sign * series / x
    ratio = small / (small + large)
    if small >= 10.0:
        rest += 0.5 * math.log(2.0 * math.pi / large) + (small - 0.5) * math.log(ratio)
        return rest + large * math.log1p(-ratio)
    rest += math.lgamma(small) + small - small * math.log(small + large)
    return rest + (large - 0.5) * math.log1p(-ratio)
