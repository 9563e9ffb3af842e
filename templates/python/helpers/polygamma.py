def _polygamma(n: int, x: float) -> float:
    """Return the n-th derivative of digamma, n >= 1, at x > 0; for n = 2 below, too."""
    # The distance from the nearest pole is exact.
    part = x - math.floor(x + 0.5)
    if n == 2 and x < 0.0 and part != 0.0:
        # By reflection.
        ratio = math.pi / math.sin(math.pi * part)
        slope = 2.0 * math.cos(math.pi * part) * ratio**3
        return _polygamma(2, 1.0 - x) - slope
    if not x > 0.0:
        raise ValueError("math domain error")
    factorial = float(math.factorial(n))
    total = 0.0
    # By recurrence to where the asymptotic series holds.
    while x < n + 10.0:
        total += factorial * math.pow(x, -(n + 1.0))
        x += 1.0
    power = math.pow(x, -float(n))
    total += factorial / n * power + 0.5 * factorial * power / x
    # The terms are B(2k)*(2k + n - 1)!/(2k)!/x**(2k + n).
    term = factorial / n * power
    for k, bernoulli in enumerate(
        (
            1.0 / 6.0,
            -1.0 / 30.0,
            1.0 / 42.0,
            -1.0 / 30.0,
            5.0 / 66.0,
            -691.0 / 2730.0,
            7.0 / 6.0,
            -3617.0 / 510.0,
        ),
        start=1,
    ):
        term *= (2.0 * k + n - 1.0) / (2.0 * k * x)
        term *= (2.0 * k + n - 2.0) / ((2.0 * k - 1.0) * x)
        total += bernoulli * term
    return total if n % 2 else -total
