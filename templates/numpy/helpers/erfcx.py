def _erfcx(x: Array) -> Array:
    """Return exp(x**2)*erfc(x)."""
    low, large = np.clip(x, -27.0, 9.0), np.clip(x, 9.0, None)
    # The square of the larger part is exact.
    high = np.floor(low * 64.0) / 64.0
    near = np.exp(high * high) * np.exp((low - high) * (low + high))
    # The asymptotic series, Abramowitz and Stegun 7.1.23.
    total = 1.0
    for k in range(25, 0, -2):
        total = 1.0 - 0.5 * k * total / large / large
    far = total / large / 1.772453850905516
    return np.where(x < 9.0, near * special.erfc(low), far)
