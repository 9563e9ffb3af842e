def _log_erfc_slope(x: float) -> float:
    """Return the derivative of log(erfc(x)), -2/sqrt(pi)*exp(-x**2)/erfc(x)."""
    if x < -20.0:
        return -0.5641895835477563 * math.exp(-x * x)
    return -1.1283791670955126 / _erfcx(x)
