def _log_sum_exp(x: Array) -> Array:
    """Return log(sum(exp(x))) over all rows, where no exp(x) overflows."""
    largest = np.max(x)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    return np.log(np.sum(np.exp(x - largest))) + largest
