def _log_cosh(x: float) -> float:
    """Return log(cosh(x)) without overflow, right to its own last digits near 0."""
    if abs(x) < 1.0:
        return math.log1p(2.0 * math.sinh(0.5 * x) ** 2)
    return abs(x) + math.log1p(math.exp(-2.0 * abs(x))) - 0.6931471805599453
