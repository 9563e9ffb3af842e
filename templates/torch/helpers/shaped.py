def _shaped(
    gradients: tuple[Array | float, ...], inputs: tuple[Array, ...]
) -> tuple[Array, ...]:
    """Return gradients in the shapes and the precision of their inputs."""
    found = []
    for gradient, x in zip(gradients, inputs, strict=True):
        whole = torch.broadcast_to(_tensor(gradient).to(x.device), x.shape)
        found.append(whole.to(x.dtype))
    return tuple(found)
