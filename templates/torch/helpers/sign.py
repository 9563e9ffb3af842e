def _sign(x: Array) -> Array:
    """Return -1, 0 or 1 by the sign of x; nan for nan."""
    return torch.where(torch.isnan(x), x, torch.sign(x))
