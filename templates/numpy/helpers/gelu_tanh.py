def _gelu_tanh(x: Array) -> Array:
    """Return x*sigmoid(z), z = sqrt(8/pi)*(x + 0.044715*x**3)."""
    z = 1.5957691216057308 * (x + 0.044715 * x * x * x)
    near = x / (1.0 + np.exp(-np.clip(z, -709.0, None)))
    return np.where(z > -709.0, near, x * np.exp(np.clip(z, None, -709.0)))
