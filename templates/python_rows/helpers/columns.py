def _columns(*columns: Sequence[float]) -> tuple[Sequence[float], ...]:
    """Return columns of data, which have a number for each row."""
    if len({*map(len, columns)}) > 1:
        raise ValueError(f"columns have one length, not {[*map(len, columns)]}")
    return columns
