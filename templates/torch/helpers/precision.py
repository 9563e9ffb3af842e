def _precision(inputs: tuple[Array | float, ...]) -> torch.dtype:
    """Return the precision that all tensors have together; double, if there is none."""
    found = [
        x.dtype for x in inputs if isinstance(x, torch.Tensor) and x.is_floating_point()
    ]
    return functools.reduce(torch.promote_types, found) if found else torch.float64
