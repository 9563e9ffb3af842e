def _log_erfc_slope(x: Array) -> Array:
    """Return the derivative of log(erfc(x)), -2/sqrt(pi)*exp(-x**2)/erfc(x)."""
    low, high = np.clip(x, None, -20.0), np.clip(x, -20.0, None)
    far = -0.5641895835477563 * np.exp(-low * low)
    return np.where(x < -20.0, far, -1.1283791670955126 / _erfcx(high))
