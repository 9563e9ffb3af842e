def _mean_anywhere(rows: Sequence[float]) -> float:
    """Return the mean of all rows, nan where there are none."""
    return _sum_anywhere(rows) / len(rows) if len(rows) else math.nan
