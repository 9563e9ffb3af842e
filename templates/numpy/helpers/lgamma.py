def _lgamma(x: Array) -> Array:
    """Return log(abs(gamma(x))), infinite at -infinity too."""
    size = np.abs(x)
    # Where the gamma function is 1/x.
    tiny = size < 1e-300
    value = special.gammaln(np.where(tiny | (x == -np.inf), 1.0, x))
    value = np.where(x == -np.inf, np.inf, value)
    return np.where(tiny, -np.log(np.where(tiny, size, 1.0)), value)
