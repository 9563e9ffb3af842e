def _inputs(frame: Frame, columns: dict[str, str], numbers: dict[str, float]) -> Frame:
    """Return columns, and what is one number for all rows, as doubles, and which rows are taken, as they have no null.

    Raises:
        ValueError: a column is missing.
        TypeError: a column holds no numbers, or a number is none.
    """
    schema = frame.collect_schema()
    for column in columns.values():
        if column not in schema:
            raise ValueError(f"there is no column `{column}` among {', '.join(schema)}")
        kind = schema[column]
        if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
            raise TypeError(f"the column `{column}` holds {kind}, and no numbers")
    for name, number in numbers.items():
        if isinstance(number, str) or not hasattr(number, "__float__"):
            raise TypeError(f"`{name}` is one number for all rows, not {number!r}")
    known = [pl.col(column).is_not_null() for column in columns.values()]
    return frame.select(
        taken=pl.all_horizontal(known) if known else pl.repeat(True, pl.len()),
        **{name: pl.col(text).cast(pl.Float64) for name, text in columns.items()},
        **{name: pl.lit(float(number)) for name, number in numbers.items()},
    )
