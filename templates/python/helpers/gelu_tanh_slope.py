def _gelu_tanh_slope(x: float) -> float:
    """Return the derivative of x*sigmoid(z), z = sqrt(8/pi)*(x + 0.044715*x**3)."""
    if abs(x) > 40.0:
        return 1.0 if x > 0.0 else 0.0
    z = 1.5957691216057308 * (x + 0.044715 * x * x * x)
    slope = 1.5957691216057308 * (1.0 + 0.134145 * x * x)
    e = math.exp(-abs(z))
    s = 1.0 / (1.0 + e) if z > 0.0 else e / (1.0 + e)
    return s + x * e / ((1.0 + e) * (1.0 + e)) * slope
