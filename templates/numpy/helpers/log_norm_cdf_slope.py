def _log_norm_cdf_slope(x: Array) -> Array:
    """Return the normal density over the normal distribution function."""
    low, high = np.clip(x, None, 0.0), np.clip(x, 0.0, None)
    tail = 0.5 * special.erfc(0.7071067811865476 * high)
    right = 0.3989422804014327 * np.exp(-0.5 * high * high) / (1.0 - tail)
    left = 0.7978845608028654 / _erfcx(-0.7071067811865476 * low)
    return np.where(x > 0.0, right, left)
