def _sinc_slope(x: Array) -> Array:
    """Return the derivative of sin(x)/x, (cos(x) - sin(x)/x)/x."""
    far = np.abs(x) > 2.0
    apart = np.where(far, x, 3.0)
    direct = (np.cos(apart) - np.sin(apart) / apart) / apart
    # Near 0, where that cancels, by its power series in nested form.
    near = np.clip(x, -2.0, 2.0)
    square = near * near
    total = 0.0
    for k in range(13, 0, -1):
        total = (1.0 - total) * square / (2.0 * k * (2.0 * k + 3.0))
    return np.where(far, direct, -near / 3.0 * (1.0 - total))
