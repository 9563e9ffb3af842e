def _cbrt(x: Array) -> Array:
    """Return the cube root of x, with the sign of x."""
    size = torch.where(torch.isfinite(x) & (x != 0.0), torch.abs(x), 1.0)
    root = torch.pow(size, 1.0 / 3.0)
    root = root - (root * root * root - size) / (3.0 * root * root)  # Newton's step
    return torch.where(torch.isfinite(x) & (x != 0.0), torch.copysign(root, x), x)
