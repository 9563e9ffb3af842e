def _log_mean_exp_anywhere(rows: Sequence[float]) -> float:
    """Return log(mean(exp(x))) over all rows, where no exp(x) overflows."""
    return _log_sum_exp_anywhere(rows) - math.log(len(rows)) if len(rows) else math.nan
