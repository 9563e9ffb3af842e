def _gamma(x: float) -> float:
    """Return gamma(x); inf at 0 and where it is too large, nan at its other poles."""
    try:
        return math.gamma(x)
    except OverflowError:
        return math.copysign(math.inf, x)
    except ValueError:
        return math.copysign(math.inf, x) if x == 0.0 else math.nan
