def _log_erfc(x: Array) -> Array:
    """Return log(erfc(x)), far out too."""
    low, high = np.clip(x, None, 0.5), np.clip(x, 0.5, None)
    near = np.log1p(-special.erf(low))
    return np.where(x < 0.5, near, np.log(_erfcx(high)) - high * high)
