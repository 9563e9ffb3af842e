def _log_mean_exp(x: Array) -> Array:
    """Return log(mean(exp(x))) over all rows, where no exp(x) overflows."""
    largest = np.max(x)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    return np.log(np.mean(np.exp(x - largest))) + largest
