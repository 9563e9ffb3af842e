def _each(gradient: Array | float, column: Array) -> Array:
    """Return the gradient of a sum over rows as that of each row."""
    return torch.broadcast_to(_tensor(gradient).to(column.device), column.shape)
