def _sinhc_slope(x: Array) -> Array:
    """Return the derivative of sinh(x)/x, (cosh(x) - sinh(x)/x)/x."""
    far = np.abs(x) > 2.0
    apart = np.where(far, x, 3.0)
    direct = np.cosh(apart) * (1.0 - np.tanh(apart) / apart) / apart
    # Near 0, where that cancels, by its power series in nested form.
    near = np.clip(x, -2.0, 2.0)
    square = near * near
    total = 0.0
    for k in range(13, 0, -1):
        total = (1.0 + total) * square / (2.0 * k * (2.0 * k + 3.0))
    return np.where(far, direct, near / 3.0 * (1.0 + total))
