def _bern(x: Array) -> Array:
    """Return x/(exp(x) - 1), 1 at 0."""
    some = np.where(x == 0.0, 1.0, np.clip(x, None, 700.0))
    near = np.where(x == 0.0, 1.0, some / np.expm1(some))
    far = np.clip(x, 700.0, None)
    return np.where(x > 700.0, far * np.exp(-far), near)
