def _log_beta(a: Array, b: Array) -> Array:
    """Return log(gamma(a)*gamma(b)/gamma(a + b)) for a, b > 0; infinite at 0."""
    known = (a > 0.0) & (b > 0.0)
    small = np.where(known, np.minimum(a, b), 1.0)
    large = np.where(known, np.maximum(a, b), 1.0)
    low, high = np.clip(small, 1e-300, 10.0), np.clip(large, None, 10.0)
    near = special.gamma(low) * (special.gamma(high) / special.gamma(low + high))
    # Stirling's formula for each large argument, with the remainders summed apart.
    top = np.clip(large, 10.0, None)
    total = small + top
    rest = _gamma_rest(top) - _gamma_rest(total)
    # Halved, for the sum may be too large.
    ratio = 0.5 * small / (0.5 * small + 0.5 * top)
    one = special.gammaln(low) + low - low * np.log(total)
    one = one + (top - 0.5) * np.log1p(-ratio)
    both = 0.5 * np.log(2.0 * np.pi / top) + (small - 0.5) * np.log(ratio)
    both = both + top * np.log1p(-ratio) + _gamma_rest(np.clip(small, 10.0, None))
    far = rest + np.where(small < 10.0, one, both)
    value = np.where(large < 10.0, np.log(near), far)
    value = np.where(small < 1e-300, -np.log(small), value)
    edge = np.where(np.minimum(a, b) == 0.0, np.inf, np.nan)
    return np.where(known, value, edge)
