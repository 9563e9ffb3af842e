def _lambertw(x: float) -> float:
    """Return w >= -1 with w*exp(w) = x, x >= -1/e: Newton's steps for 1 + w near the branch point, Fritsch's elsewhere."""
    if not x >= -0.36787944117144233:
        raise ValueError("math domain error")
    if x == 0.0 or x == math.inf:
        return x
    if x < -0.2:
        # e*x + 1 with 1/e in two parts, as the branch point lies between two doubles; it is u*exp(u) - expm1(u), u = 1 + w.
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
    for _ in range(3):
        z = math.log(x / w) - w
        q = 2.0 * (1.0 + w) * (1.0 + w + 2.0 / 3.0 * z)
        w *= 1.0 + z / (1.0 + w) * ((q - z) / (q - 2.0 * z))
    return w
