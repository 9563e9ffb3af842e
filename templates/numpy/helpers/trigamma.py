def _trigamma(x: Array) -> Array:
    """Return the derivative of digamma; infinite at its poles."""
    direct = _polygamma(1, np.where(x > 0.0, x, 1.0 - x))
    # By reflection below 0; the distance from the nearest pole is exact.
    part = x - np.floor(x + 0.5)
    pole = part == 0.0
    below = (np.pi / np.sin(np.pi * np.where(pole, 0.25, part))) ** 2 - direct
    return np.where(x > 0.0, direct, np.where(pole, np.inf, below))
