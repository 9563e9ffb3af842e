def _trigamma(x: float) -> float:
    """Return the derivative of digamma."""
    if x > 0.0:
        return _polygamma(1, x)
    part = x - math.floor(x)
    if not part > 0.0:
        raise ValueError("math domain error")
    # By reflection, with pi*x reduced exactly.
    ratio = math.pi / math.sin(math.pi * (1.0 - part if part > 0.5 else part))
    return ratio * ratio - _polygamma(1, 1.0 - x)
