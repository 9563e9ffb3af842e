def _log_mean_exp(rows: Sequence[float]) -> float:
    """Return log(mean(exp(x))) over all rows, where no exp(x) overflows."""
    return _log_sum_exp(rows) - math.log(len(rows))
