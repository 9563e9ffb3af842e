def _largest(rows: Sequence[float]) -> float:
    """Return the largest number of all rows, as a finite one, which cancels in what reads it."""
    largest = max(rows, default=0.0)
    return max(-1.7976931348623157e308, min(1.7976931348623157e308, largest))
