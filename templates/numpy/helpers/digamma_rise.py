def _digamma_rise(a: Array, b: Array) -> Array:
    """Return digamma(a + b) - digamma(a), for a > 0 and a + b > 0."""
    known = (a > 0.0) & (a + b > 0.0)
    sign = np.where(b < 0.0, -1.0, 1.0)
    a, b = np.where(known, np.minimum(a, a + b), 1.0), np.abs(b)
    # By recurrence to where the asymptotic series holds; nothing cancels.
    total = 0.0
    for _ in range(10):
        low = a < 10.0
        total = total + np.where(low, b / (a + b) / a, 0.0)
        a = np.where(low, a + 1.0, a)
    c = a + b
    near, far = 1.0 / a / a, 1.0 / c / c
    step = b / a / c * (1.0 / a + 1.0 / c)
    # The terms are B(2k)/(2k)*(a**(-2k) - c**(-2k)).
    term, power = step, 1.0
    for k in (
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    ):
        total = total + k * term
        power = power * far
        term = near * term + power * step
    rise = total + 0.5 * b / a / c + np.log1p(b / a)
    return np.where(known, sign * rise, np.nan)
