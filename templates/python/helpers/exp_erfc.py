def _exp_erfc(a: float, b: float) -> float:
    """Return exp(a)*erfc(b), where exp(a) alone is too large too."""
    if b < 1.0:
        return math.exp(a) * math.erfc(b)
    return math.exp(a - b * b) * _erfcx(b)
