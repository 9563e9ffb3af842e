def _xcsc_slope(x: Array) -> Array:
    """Return the derivative of x/sin(x), (1 - x/tan(x))/sin(x)."""
    far = np.abs(x) > 1.0
    apart = np.where(far, x, 2.0)
    direct = (1.0 - apart / np.tan(apart)) / np.sin(apart)
    # Near 0, where that cancels, as the derivative of 1/(sin(x)/x).
    near = np.clip(x, -1.0, 1.0)
    return np.where(far, direct, -_sinc_slope(near) / _sinc(near) ** 2)
