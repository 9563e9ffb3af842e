def _digamma(x: Array) -> Array:
    """Return digamma(x); infinite at 0, nan at its other poles."""
    # By reflection below 0; the distance from the nearest pole is exact.
    part = x - np.floor(x + 0.5)
    direct = special.digamma(np.where(x > 0.0, x, 1.0 - x))
    below = direct - np.pi / np.tan(np.pi * np.where(part == 0.0, 0.25, part))
    pole = np.where(x == 0.0, -1.0 / x, np.nan)
    below = np.where(part == 0.0, pole, below)
    return np.where(x > 0.0, direct, below)
