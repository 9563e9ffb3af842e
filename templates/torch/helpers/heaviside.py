def _heaviside(x: Array, at_zero: Array) -> Array:
    """Return 0 below 0, 1 above; nan for nan."""
    middle = torch.where(torch.isnan(x), x, at_zero)
    return torch.where(x > 0.0, 1.0, torch.where(x < 0.0, 0.0, middle))
