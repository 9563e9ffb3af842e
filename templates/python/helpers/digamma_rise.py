def _digamma_rise(a: float, b: float) -> float:
    """Return digamma(a + b) - digamma(a), for a > 0 and a + b > 0."""
    if not (a > 0.0 and a + b > 0.0):
        raise ValueError("math domain error")
    if b < 0.0:
        return -_digamma_rise(a + b, -b)
    # By recurrence to where the asymptotic series holds; nothing cancels.
    total = 0.0
    while a < 10.0:
        total += b / (a + b) / a
        a += 1.0
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
        total += k * term
        power *= far
        term = near * term + power * step
    return total + 0.5 * b / a / c + math.log1p(b / a)
