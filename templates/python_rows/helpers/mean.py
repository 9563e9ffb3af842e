def _mean(rows: Sequence[float]) -> float:
    """Return the mean of all rows."""
    return math.fsum(rows) / len(rows)
