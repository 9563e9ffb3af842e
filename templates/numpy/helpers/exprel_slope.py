def _exprel_slope(x: Array) -> Array:
    """Return the derivative of (exp(x) - 1)/x, (exp(x) - (exp(x) - 1)/x)/x."""
    far = np.abs(x) > 1.0
    apart = np.where(far, x, 2.0)
    direct = (np.exp(apart) * (1.0 - 1.0 / apart) + 1.0 / apart) / apart
    # Near 0, where that cancels, by its power series in nested form.
    near = np.clip(x, -1.0, 1.0)
    total = 1.0
    for k in range(18, 0, -1):
        total = 1.0 + total * near * (k + 1.0) / (k * (k + 2.0))
    return np.where(far, direct, 0.5 * total)
