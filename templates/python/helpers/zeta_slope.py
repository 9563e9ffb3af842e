def _zeta_slope(s: float) -> float:
    """Return the derivative of the zeta function, for s > 1."""
    if not s > 1.0:
        raise ValueError("math domain error")
    if s > 60.0:
        return -math.log(2.0) * math.pow(2.0, -s) - math.log(3.0) * math.pow(3.0, -s)
    log = math.log(10.0)
    # Nine terms, and the formula of Euler and Maclaurin for the rest.
    last = math.pow(10.0, -s)
    total = last * (log / 2.0 + 10.0 * (log / (s - 1.0) + 1.0 / (s - 1.0) ** 2))
    term = last
    slope = -log
    for k, c in enumerate(
        (
            1.0 / 12.0,
            -1.0 / 720.0,
            1.0 / 30240.0,
            -1.0 / 1209600.0,
            1.0 / 47900160.0,
            -691.0 / 1307674368000.0,
            1.0 / 74724249600.0,
            -3617.0 / 10670622842880000.0,
        )
    ):
        term *= (s + 2.0 * k) / 10.0 * ((s + 2.0 * k - 1.0) / 10.0 if k else 1.0)
        slope += 1.0 / (s + 2.0 * k) + (1.0 / (s + 2.0 * k - 1.0) if k else 0.0)
        total -= c * term * slope
    for k in range(9, 1, -1):
        total += math.log(k) * math.pow(k, -s)
    return -total
