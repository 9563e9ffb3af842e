def _langevin(x: Array) -> Array:
    """Return 1/tanh(x) - 1/x, 0 at 0."""
    far = np.abs(x) > 1.0
    apart = np.where(far, x, 2.0)
    # Near 0, where that cancels, as the logarithmic derivative of sinh(x)/x.
    near = np.clip(x, -1.0, 1.0)
    near = _sinhc_slope(near) / _sinhc(near)
    return np.where(far, 1.0 / np.tanh(apart) - 1.0 / apart, near)
