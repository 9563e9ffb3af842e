def _polygamma(n: int, x: Array) -> Array:
    """Return the n-th derivative of digamma, n >= 1, at x > 0; for n = 2 below, too."""
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    sign = 1.0 if n % 2 else -1.0
    above = np.where(x > 0.0, x, 1.0 - x)
    end = above == np.inf
    direct = sign * factorial * special.zeta(n + 1.0, np.where(end, 1.0, above))
    direct = np.where(end, 0.0, direct)
    # By reflection below 0; the distance from the nearest pole is exact.
    part = x - np.floor(x + 0.5)
    pole = part == 0.0
    angle = np.pi * np.where(pole, 0.25, part)
    below = direct - 2.0 * np.cos(angle) * (np.pi / np.sin(angle)) ** 3
    known = (x > 0.0) | ~pole if n == 2 else x > 0.0
    value = np.where(x > 0.0, direct, below)
    return np.where(known, value, np.where(x == 0.0, sign * np.inf, np.nan))
