def _share(gradient: Array | float, column: Array) -> Array:
    """Return the gradient of a mean over rows as that of each row."""
    return _each(gradient / column.numel(), column)
