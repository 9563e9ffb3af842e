def _log_sum_exp_anywhere(rows: Sequence[float]) -> float:
    """Return log(sum(exp(x))) over all rows, where no exp(x) overflows."""
    largest = max(rows, default=-math.inf)
    if not math.isfinite(largest):
        largest = -1.7976931348623157e308 if largest < 0.0 else 1.7976931348623157e308
    total = math.fsum(math.exp(x - largest) for x in rows)
    return largest + math.log(total) if total else -math.inf
