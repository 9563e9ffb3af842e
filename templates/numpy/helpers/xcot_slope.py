def _xcot_slope(x: Array) -> Array:
    """Return the derivative of x/tan(x), (1 - x/sin(x)/cos(x))/tan(x)."""
    far = np.abs(x) > 1.0
    apart = np.where(far, x, 2.0)
    direct = 1.0 / np.tan(apart) - apart / np.sin(apart) ** 2
    # Near 0, where that cancels, as the derivative of cos(x)/(sin(x)/x).
    near = np.clip(x, -1.0, 1.0)
    series = -near - np.cos(near) * _sinc_slope(near) / _sinc(near) ** 2
    return np.where(far, direct, series)
