def _bern_slope(x: Array) -> Array:
    """Return the derivative of x/(exp(x) - 1)."""
    far = np.clip(x, 700.0, None)
    apart = np.where(np.abs(x) > 0.5, np.clip(x, None, 700.0), 1.0)
    n = 1.0 / np.expm1(apart)
    # 1 + n, which cancels below 0.
    more = np.where(apart > 0.0, 1.0 + n, n * np.exp(np.clip(apart, None, 0.0)))
    direct = np.where(x > 700.0, (1.0 - far) * np.exp(-far), n - apart * n * more)
    # Near 0, where that cancels, by its power series, whose coefficients are
    # Bernoulli's numbers.
    near = np.clip(x, -0.5, 0.5)
    square = near * near
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
    return np.where(np.abs(x) > 0.5, direct, total * near - 0.5)
