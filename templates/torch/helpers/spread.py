def _spread(value: Array | float, inputs: tuple[Array, ...]) -> Array:
    """Return a value in the shape and the precision that all inputs have together."""
    shape = torch.broadcast_tensors(*inputs)[0].shape
    value = torch.as_tensor(value, dtype=_precision(inputs), device=inputs[0].device)
    return torch.broadcast_to(value, shape)
