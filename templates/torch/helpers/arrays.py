def _arrays(*inputs: Array | float) -> tuple[Array, ...]:
    """Return inputs as tensors; whole numbers, and what is no tensor, in the precision of the rest."""
    if any(hasattr(x, "filled") for x in inputs):
        raise TypeError("a mask would be lost; hand over the numbers that count")
    if any(isinstance(x, torch.Tensor) and x.is_complex() for x in inputs):
        raise TypeError("inputs are real numbers, and none is complex")
    dtype = _precision(inputs)
    return tuple(
        (
            x
            if isinstance(x, torch.Tensor) and x.is_floating_point()
            else torch.as_tensor(x, dtype=dtype)
        )
        for x in inputs
    )
