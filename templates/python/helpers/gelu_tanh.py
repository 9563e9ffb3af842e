def _gelu_tanh(x: float) -> float:
    """Return x*sigmoid(z), z = sqrt(8/pi)*(x + 0.044715*x**3)."""
    z = 1.5957691216057308 * (x + 0.044715 * x * x * x)
    return x / (1.0 + math.exp(-z)) if z > -709.0 else x * math.exp(z)
