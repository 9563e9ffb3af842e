def _lambertw(x: float) -> float:
    """Return w >= -1 with w*exp(w) = x, for x >= -1/e."""
    if not x >= -0.36787944117144233:
        raise ValueError("math domain error")
    if x == 0.0 or x == math.inf:
        return x
    if x < -0.2:
        # Newton's steps for u = 1 + w: e*x + 1 is u*exp(u) - expm1(u). The branch
        # point lies between two doubles, so 1/e comes in two parts.
        above = math.e * ((x + 0.36787944117144233) - 1.2428753672788363e-17)
        p = math.sqrt(max(2.0 * above, 0.0))
        u = p * (1.0 + p * (-1.0 / 3.0 + p * (11.0 / 72.0 - p * 43.0 / 540.0)))
        for _ in range(4 if u > 1e-5 else 0):
            grown = math.expm1(u)
            u -= (u * grown - (grown - u) - above) / (u * (grown + 1.0))
        return u - 1.0
    if abs(x) < 0.3:
        w = x * (1.0 - x * (1.0 - 1.5 * x))
    elif x < 3.0:
        w = 0.63 * math.log1p(1.05 * x)
    else:
        log = math.log(x)
        w = log - math.log(log) * (1.0 - 1.0 / log)
    # Fritsch's steps, from an estimate.
    for _ in range(3):
        z = math.log(x / w) - w
        q = 2.0 * (1.0 + w) * (1.0 + w + 2.0 / 3.0 * z)
        w *= 1.0 + z / (1.0 + w) * ((q - z) / (q - 2.0 * z))
    return w
