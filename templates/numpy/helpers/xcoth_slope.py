def _xcoth_slope(x: Array) -> Array:
    """Return the derivative of x/tanh(x), 1/tanh(x) - x/sinh(x)**2."""
    far = np.abs(x) > 1.0
    # The square of sinh is finite, and the slope has reached 1.
    apart = np.where(far, np.clip(x, -350.0, 350.0), 2.0)
    direct = 1.0 / np.tanh(apart) - apart / np.sinh(apart) ** 2
    # Near 0, where that cancels, as the derivative of cosh(x)/(sinh(x)/x).
    near = np.clip(x, -1.0, 1.0)
    series = near - np.cosh(near) * _sinhc_slope(near) / _sinhc(near) ** 2
    return np.where(far, direct, series)
