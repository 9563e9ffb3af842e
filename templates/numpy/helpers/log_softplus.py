def _log_softplus(x: Array) -> Array:
    """Return log(log(1 + exp(x)))."""
    low, high = np.clip(x, None, -37.0), np.clip(x, -37.0, None)
    near = np.log(np.clip(high, 0.0, None) + np.log1p(np.exp(-np.abs(high))))
    return np.where(x < -37.0, low - 0.5 * np.exp(low), near)
