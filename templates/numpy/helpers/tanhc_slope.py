def _tanhc_slope(x: Array) -> Array:
    """Return the derivative of tanh(x)/x, (1 - tanh(x)**2 - tanh(x)/x)/x."""
    t = np.tanh(x)
    some = np.where(x == 0.0, 1.0, x)
    ratio = np.where(x == 0.0, 1.0, t / some)
    apart = ((1.0 - t) * (1.0 + t) - ratio) / some
    # Near 0, where that cancels, as the derivative of (sinh(x)/x)/cosh(x).
    near = np.clip(x, -1.0, 1.0)
    near = _sinhc_slope(near) / np.cosh(near) - t * ratio
    return np.where(np.abs(x) > 1.0, apart, near)
