def _zeta_slope(s: Array) -> Array:
    """Return the derivative of the zeta function, for s > 1; -infinity at 1."""
    some = np.where(s > 1.0, np.clip(s, None, 60.0), 2.0)
    log = 2.302585092994046
    # Nine terms, and the formula of Euler and Maclaurin for the rest.
    last = 10.0**-some
    total = last * (log / 2.0 + 10.0 * (log / (some - 1.0) + 1.0 / (some - 1.0) ** 2))
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
        s0, s1 = some + 2.0 * k, some + 2.0 * k - 1.0
        term = term * (s0 / 10.0) * (s1 / 10.0 if k else 1.0)
        slope = slope + 1.0 / s0 + (1.0 / s1 if k else 0.0)
        total = total - c * term * slope
    for k in range(9, 1, -1):
        total = total + math.log(k) * float(k) ** -some
    # Beyond, two terms are all.
    far = np.clip(s, 60.0, None)
    tail = -0.6931471805599453 * 2.0**-far - 1.0986122886681098 * 3.0**-far
    at_most_1 = np.where(s == 1.0, -np.inf, np.nan)
    value = np.where(s > 60.0, tail, -total)
    return np.where(s > 1.0, value, at_most_1)
