def _compound_slope_anywhere(r: float, n: float) -> float:
    """Return the derivative of ((1 + r)**n - 1)/r by r; infinite where too large."""
    try:
        slope = _compound_slope(r, n)
        if math.isinf(slope) and r < -0.5:
            # (1 + r)**n is too large, and (1 + r)**(n - 1) is not.
            return math.pow(1.0 + r, n - 1.0) * (n - (1.0 + r) / r) / r
        return slope
    except OverflowError:
        # The sign of n*(1 + r)**(n - 1)/r.
        negative = r < -1.0 and (n < 0.0) != (n % 2.0 == 1.0)
        return -math.inf if negative else math.inf
    except (ArithmeticError, ValueError):
        return math.nan
