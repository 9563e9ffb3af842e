def _like(
    gradients: tuple[Array | float, ...],
    inputs: tuple[Array, ...],
    others: tuple[Array, ...] = (),
) -> tuple[Array, ...]:
    """Return gradients in the shapes of their inputs: summed over what these were spread along."""
    shape = torch.broadcast_tensors(*inputs, *others)[0].shape
    found = []
    for gradient, x in zip(gradients, inputs, strict=True):
        whole = torch.broadcast_to(_tensor(gradient).to(x.device), shape)
        found.append(whole.sum_to_size(x.shape).to(x.dtype))
    return tuple(found)
