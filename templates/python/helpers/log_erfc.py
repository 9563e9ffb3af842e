def _log_erfc(x: float) -> float:
    """Return log(erfc(x)), far out too."""
    if x < 0.5:
        return math.log1p(-math.erf(x))
    return math.log(_erfcx(x)) - x * x
