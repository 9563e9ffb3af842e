def _log_norm_cdf(x: float) -> float:
    """Return the logarithm of the normal distribution function, far out too."""
    if x > 0.0:
        return math.log1p(-0.5 * math.erfc(0.7071067811865476 * x))
    return math.log(0.5 * _erfcx(-0.7071067811865476 * x)) - 0.5 * x * x
