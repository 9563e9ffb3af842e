def _compound_by_power_anywhere(r: float, n: float) -> float:
    """Return the derivative of ((1 + r)**n - 1)/r by n; inf where too large."""
    try:
        return _compound_by_power(r, n)
    except OverflowError:
        return math.inf
