def _rows(
    rows: tuple[tuple[Array | float, ...], ...], inputs: tuple[Array, ...]
) -> tuple[tuple[Array, ...], ...]:
    """Return slopes in the shape that all inputs have together."""
    return tuple(tuple(_spread(slope, inputs) for slope in row) for row in rows)
