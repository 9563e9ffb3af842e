def _gamma_rest(x: Array) -> Array:
    """Return what log(gamma(x)) has beyond Stirling's formula, for x >= 10."""
    square = 1.0 / x / x
    series = 0.0
    for c in (
        -3617.0 / 122400.0,
        1.0 / 156.0,
        -691.0 / 360360.0,
        1.0 / 1188.0,
        -1.0 / 1680.0,
        1.0 / 1260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    ):
        series = series * square + c
    return series / x
