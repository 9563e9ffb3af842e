def _langevin_slope(x: float) -> float:
    """Return the derivative of 1/tanh(x) - 1/x, 1/x**2 - 1/sinh(x)**2."""
    if abs(x) > 1.5:
        s = math.sinh(min(abs(x), 700.0))
        return 1.0 / x / x - 1.0 / s / s
    if abs(x) < 1e-300:
        return 1.0 / 3.0
    # Near 0, where that cancels, by the function's differential equation.
    y = _langevin(x)
    return 1.0 - y * y - 2.0 * (y / x)
