def _every(number: float, column: Sequence[float]) -> list[float]:
    """Return a number for each row of a column."""
    return [number for _ in column]
