def _gelu_tanh_slope(x: Array) -> Array:
    """Return the derivative of x*sigmoid(z), z = sqrt(8/pi)*(x + 0.044715*x**3)."""
    x = np.clip(x, -40.0, 40.0)
    z = 1.5957691216057308 * (x + 0.044715 * x * x * x)
    slope = 1.5957691216057308 * (1.0 + 0.134145 * x * x)
    e = np.exp(-np.abs(z))
    s = np.where(z > 0.0, 1.0, e) / (1.0 + e)
    return s + x * e / ((1.0 + e) * (1.0 + e)) * slope
