def _exp_erfc(a: Array, b: Array) -> Array:
    """Return exp(a)*erfc(b), where exp(a) alone is too large too."""
    low, high = np.clip(b, None, 1.0), np.clip(b, 1.0, None)
    near = np.exp(a) * special.erfc(low)
    return np.where(b < 1.0, near, np.exp(a - high * high) * _erfcx(high))
