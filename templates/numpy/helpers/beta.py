def _beta(a: Array, b: Array) -> Array:
    """Return gamma(a)*gamma(b)/gamma(a + b) for a, b > 0; infinite at 0."""
    known = (a > 0.0) & (b > 0.0)
    small = np.where(known, np.minimum(a, b), 1.0)
    large = np.where(known, np.maximum(a, b), 1.0)
    # Where the gamma functions overflow, by logarithms.
    whole = special.gamma(small + large)
    far = (small + large > 171.0) | (whole == np.inf)
    below, above = np.where(far, 1.0, small), np.where(far, 1.0, large)
    total = below + above
    # What the sum rounds off, times d log(gamma) = digamma, about log.
    lost = below - (total - above)
    ratio = special.gamma(above) / np.where(far, 1.0, whole)
    near = ratio * special.gamma(below) * (1.0 - lost * np.log(total))
    value = np.where(far, np.exp(_log_beta(small, large)), near)
    value = np.where(small < 1e-300, 1.0 / small, value)
    edge = np.where(np.minimum(a, b) == 0.0, np.inf, np.nan)
    return np.where(known, value, edge)
