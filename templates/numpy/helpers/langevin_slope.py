def _langevin_slope(x: Array) -> Array:
    """Return the derivative of 1/tanh(x) - 1/x, 1/x**2 - 1/sinh(x)**2."""
    far = np.abs(x) > 1.5
    apart = np.where(far, x, 2.0)
    s = np.sinh(np.clip(apart, -700.0, 700.0))
    direct = 1.0 / apart / apart - 1.0 / s / s
    # Near 0, where that cancels, by the function's differential equation.
    near = np.clip(x, -1.5, 1.5)
    y = _langevin(near)
    tiny = np.abs(x) < 1e-30
    ratio = np.where(tiny, 1.0 / 3.0, y / np.where(tiny, 1.0, near))
    return np.where(far, direct, 1.0 - y * y - 2.0 * ratio)
