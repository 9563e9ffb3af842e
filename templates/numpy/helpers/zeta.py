def _zeta(s: Array) -> Array:
    """Return the sum of k**-s over k = 1, 2, ..., for s > 1; infinite at 1."""
    # Which is 1 to the last digit from 60 on.
    some = np.where(s > 1.0, np.clip(s, None, 60.0), 2.0)
    at_most_1 = np.where(s == 1.0, np.inf, np.nan)
    return np.where(s > 1.0, special.zeta(some, 1.0), at_most_1)
