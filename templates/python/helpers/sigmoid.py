def _sigmoid(x: float) -> float:
    """Return 1/(1 + exp(-x))."""
    return 1.0 / (1.0 + math.exp(-x)) if x > -709.0 else math.exp(x)
