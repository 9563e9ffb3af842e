def _lambertw(x: Array) -> Array:
    """Return w >= -1 with w*exp(w) = x, for x >= -1/e; nan below."""
    # Newton's steps for u = 1 + w: e*x + 1 is u*exp(u) - expm1(u). The branch
    # point lies between two doubles, so 1/e comes in two parts.
    low = np.clip(x, -0.36787944117144233, -0.2)
    above = np.e * ((low + 0.36787944117144233) - 1.2428753672788363e-17)
    p = np.sqrt(np.clip(2.0 * above, 0.0, None))
    u = p * (1.0 + p * (-1.0 / 3.0 + p * (11.0 / 72.0 - p * 43.0 / 540.0)))
    apart = u > 1e-5
    v = np.where(apart, u, 1.0)
    for _ in range(4):
        grown = np.expm1(v)
        v = v - (v * grown - (grown - v) - above) / (v * (grown + 1.0))
    near = np.where(apart, v, u) - 1.0
    # Fritsch's steps, from an estimate.
    ends = (x == 0.0) | (x == np.inf)
    high = np.where(ends, 1.0, np.clip(x, -0.2, None))
    log = np.log(np.clip(high, 3.0, None))
    w = np.where(
        high < 3.0,
        0.63 * np.log1p(1.05 * high),
        log - np.log(log) * (1.0 - 1.0 / log),
    )
    w = np.where(np.abs(high) < 0.3, high * (1.0 - high * (1.0 - 1.5 * high)), w)
    for _ in range(3):
        z = np.log(high / w) - w
        q = 2.0 * (1.0 + w) * (1.0 + w + 2.0 / 3.0 * z)
        w = w * (1.0 + z / (1.0 + w) * ((q - z) / (q - 2.0 * z)))
    value = np.where(x < -0.2, near, np.where(ends, x, w))
    return np.where(x < -0.36787944117144233, np.nan, value)
