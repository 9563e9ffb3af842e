def _compound_anywhere(r: float, n: float) -> float:
    """Return ((1 + r)**n - 1)/r; infinite where that is too large."""
    try:
        return _compound(r, n)
    except OverflowError:
        return math.inf
    except (ArithmeticError, ValueError):
        return math.nan
