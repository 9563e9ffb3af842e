def _gauss_anywhere(x: float) -> float:
    """Return exp(-x**2); nan for nan."""
    try:
        return _gauss(x)
    except (ArithmeticError, ValueError):
        return math.nan
