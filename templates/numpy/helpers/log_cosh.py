def _log_cosh(x: Array) -> Array:
    """Return log(cosh(x)) without overflow, right to its own last digits near 0."""
    size = np.abs(x)
    near = np.log1p(2.0 * np.sinh(0.5 * np.clip(size, None, 1.0)) ** 2)
    far = size + np.log1p(np.exp(-2.0 * size)) - 0.6931471805599453
    return np.where(size < 1.0, near, far)
