def _log1prel_slope(x: Array) -> Array:
    """Return the derivative of log(1 + x)/x, -infinity at -1."""
    far = np.abs(x) > 0.3
    apart = np.where(far & (x != -1.0), x, 1.0)
    direct = (1.0 / (1.0 + apart) - np.log1p(apart) / apart) / apart
    # Near 0, where that cancels, by its power series.
    near = np.clip(x, -0.3, 0.3)
    total = 0.0
    for k in range(32, 0, -1):
        total = k / (k + 1.0) - total * near
    return np.where(x == -1.0, -np.inf, np.where(far, direct, -total))
