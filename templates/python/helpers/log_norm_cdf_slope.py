def _log_norm_cdf_slope(x: float) -> float:
    """Return the normal density over the normal distribution function."""
    if x > 0.0:
        tail = 0.5 * math.erfc(0.7071067811865476 * x)
        return 0.3989422804014327 * math.exp(-0.5 * x * x) / (1.0 - tail)
    return 0.7978845608028654 / _erfcx(-0.7071067811865476 * x)
