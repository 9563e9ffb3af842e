def _log_sum_exp(rows: Sequence[float]) -> float:
    """Return log(sum(exp(x))) over all rows, where no exp(x) overflows."""
    largest = max(rows)
    if not math.isfinite(largest):
        largest = -1.7976931348623157e308 if largest < 0.0 else 1.7976931348623157e308
    return largest + math.log(math.fsum(math.exp(x - largest) for x in rows))
