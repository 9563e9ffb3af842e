def _logaddexp(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b)), infinite operands included."""
    if a == b:
        return a + math.log(2.0)
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))
