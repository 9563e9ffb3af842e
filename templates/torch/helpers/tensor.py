def _tensor(x: Array | float) -> Array:
    """Return a number as a tensor, which takes the precision of those beside it."""
    return x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64)
