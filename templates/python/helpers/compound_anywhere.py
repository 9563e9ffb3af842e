def _compound_anywhere(r: float, n: float) -> float:
    """Return ((1 + r)**n - 1)/r; infinite where that is too large."""
    try:
        return _compound(r, n)
    except OverflowError:
        return _power(1.0 + r, n) / r if r < -0.5 else math.copysign(math.inf, n)
    except (ArithmeticError, ValueError):
        return math.nan
