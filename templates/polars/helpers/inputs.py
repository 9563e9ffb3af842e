def _inputs(
    frame: Frame,
    columns: dict[str, str],
    numbers: dict[str, float],
    keys: tuple[tuple[str, str], ...] = (),
) -> Frame:
    """Return columns, and what is one number for all rows, as doubles, which rows are taken, as they have no null, and what groups rows, as it is.

    Raises:
        ValueError: a column is missing.
        TypeError: there is no frame, a column holds no numbers, or a number is none.
    """
    if not isinstance(frame, (pl.DataFrame, pl.LazyFrame)):
        raise TypeError(f"rows are in a frame of Polars, not in {type(frame)}")
    schema = frame.collect_schema()
    for column in (*columns.values(), *(column for _, column in keys)):
        if column not in schema:
            raise ValueError(f"there is no column `{column}` among {', '.join(schema)}")
    for column in columns.values():
        kind = schema[column]
        if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
            raise TypeError(f"the column `{column}` holds {kind}, and no numbers")
    for name, number in numbers.items():
        held = str(getattr(number, "dtype", type(number)))
        try:
            if isinstance(number, (str, bytes)) or "complex" in held:
                raise TypeError
            numbers[name] = float(number)
        except (TypeError, ValueError, OverflowError):
            said = " ".join(repr(number).split())[:60]
            raise TypeError(
                f"`{name}` is one number for all rows, not {said}"
            ) from None
    known = [pl.col(column).is_not_null() for column in columns.values()]
    return frame.select(
        *(pl.col(column).alias(name) for name, column in keys),
        taken=pl.all_horizontal(known) if known else pl.repeat(True, pl.len()),
        **{name: pl.col(text).cast(pl.Float64) for name, text in columns.items()},
        **{name: pl.lit(number) for name, number in numbers.items()},
    )
