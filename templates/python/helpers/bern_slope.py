def _bern_slope(x: float) -> float:
    """Return the derivative of x/(exp(x) - 1)."""
    if x > 700.0:
        return (1.0 - x) * math.exp(-x)
    if abs(x) > 0.5:
        n = 1.0 / math.expm1(x)
        return n - x * n * (1.0 + n) if x > 0.0 else n - x * n * n * math.exp(x)
    # Near 0, where that cancels, by its power series, whose coefficients are
    # Bernoulli's numbers.
    square = x * x
    total = 0.0
    for c in (
        -3617.0 / 666913927680000.0,
        1.0 / 5337446400.0,
        -691.0 / 108972864000.0,
        1.0 / 4790016.0,
        -1.0 / 151200.0,
        1.0 / 5040.0,
        -1.0 / 180.0,
        1.0 / 6.0,
    ):
        total = total * square + c
    return total * x - 0.5
