def _compound_slope_anywhere(r: float, n: float) -> float:
    """Return the derivative of ((1 + r)**n - 1)/r by r; inf where too large."""
    try:
        return _compound_slope(r, n)
    except OverflowError:
        return math.inf
    except (ArithmeticError, ValueError):
        return math.nan
