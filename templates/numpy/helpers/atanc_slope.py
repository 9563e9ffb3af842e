def _atanc_slope(x: Array) -> Array:
    """Return the derivative of atan(x)/x, (1/(1 + x**2) - atan(x)/x)/x."""
    far = np.abs(x) > 0.5
    apart = np.where(far, x, 1.0)
    direct = (1.0 / (1.0 + apart * apart) - np.arctan(apart) / apart) / apart
    # Near 0, where that cancels, by its power series.
    near = np.clip(x, -0.5, 0.5)
    square = near * near
    total = 0.0
    for k in range(27, 0, -1):
        total = 2.0 * k / (2.0 * k + 1.0) - total * square
    return np.where(far, direct, -near * total)
