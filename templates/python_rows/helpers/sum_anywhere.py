def _sum_anywhere(rows: Sequence[float]) -> float:
    """Return the sum of all rows, infinite or nan where that is no number."""
    try:
        return math.fsum(rows)
    except (OverflowError, ValueError):
        total = 0.0
        for x in rows:
            total += x
        return total
