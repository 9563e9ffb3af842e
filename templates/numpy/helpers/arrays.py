def _arrays(*inputs: Array | float) -> tuple[Array, ...]:
    """Return inputs as arrays; whole numbers, and what is no array, in the precision of the rest."""
    if any(hasattr(x, "filled") for x in inputs):
        raise TypeError("a mask would be lost; hand over the numbers that count")
    given = [x if isinstance(x, (int, float)) else np.asarray(x) for x in inputs]
    common = np.result_type(1.0, *given)
    if not np.issubdtype(common, np.floating):
        raise TypeError(f"inputs are real numbers, not {common}")
    kinds = [getattr(x, "dtype", common) for x in given]
    kinds = [kind if np.issubdtype(kind, np.floating) else common for kind in kinds]
    return tuple(np.asarray(x, kind) for x, kind in zip(given, kinds, strict=True))
