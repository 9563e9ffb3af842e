def _over_rows(
    columns: tuple[Array | float, ...], numbers: tuple[Array | float, ...]
) -> tuple[Array, ...]:
    """Return columns of one shape, and what is one number for all rows, as arrays."""
    found = _arrays(*columns, *numbers)
    shapes = [tuple(x.shape) for x in found]
    if len({*shapes[: len(columns)]}) > 1:
        raise ValueError(f"columns have one shape, not {shapes[: len(columns)]}")
    if any(shapes[len(columns) :]):
        raise ValueError("what is no column is one number for all rows")
    return found
