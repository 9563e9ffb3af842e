def _log_softplus_slope(x: Array) -> Array:
    """Return the derivative of log(log(1 + exp(x)))."""
    low, high = np.clip(x, None, -37.0), np.clip(x, -37.0, None)
    t = np.exp(-np.abs(high))
    sigmoid = np.where(high > 0.0, 1.0, t) / (1.0 + t)
    near = sigmoid / (np.clip(high, 0.0, None) + np.log1p(t))
    return np.where(x < -37.0, 1.0 - 0.5 * np.exp(low), near)
