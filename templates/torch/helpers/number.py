def _number(value: Array | float, inputs: tuple[Array, ...]) -> Array:
    """Return one number for all rows, in the precision that all inputs have together."""
    value = torch.as_tensor(value, dtype=_precision(inputs), device=inputs[0].device)
    return value.reshape(())
