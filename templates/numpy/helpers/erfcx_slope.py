def _erfcx_slope(x: Array) -> Array:
    """Return the derivative of erfcx(x), 2*x*erfcx(x) - 2/sqrt(pi)."""
    low, large = np.clip(x, None, 2.0), np.clip(x, 12.0, None)
    near = 2.0 * low * _erfcx(low) - 1.1283791670955126
    # That cancels: the asymptotic series' slope, Abramowitz and Stegun 7.1.23.
    total, term = 1.0, 1.0
    for k in range(1, 13):
        term = term * (0.5 - k) / large / large
        total = total + (2.0 * k + 1.0) * term
    far = -total / large / large / 1.772453850905516
    # By Laplace's continued fraction of erfcx, 1/sqrt(pi)/(x + t) with
    # t = (1/2)/(x + 1/(x + (3/2)/(x + ...))).
    middle = np.clip(x, 2.0, 12.0)
    t = 0.0
    for k in range(60, 0, -1):
        t = 0.5 * k / (middle + t)
    between = -1.1283791670955126 * t / (middle + t)
    return np.where(x < 2.0, near, np.where(x > 12.0, far, between))
