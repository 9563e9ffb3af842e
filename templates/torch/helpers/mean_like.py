def _mean_like(
    gradients: tuple[Array | float, ...],
    inputs: tuple[Array, ...],
    others: tuple[Array, ...] = (),
) -> tuple[Array, ...]:
    """Return gradients of a mean in the shapes of their inputs, summed over what these were spread along."""
    size = torch.broadcast_tensors(*inputs, *others)[0].numel()
    return tuple(gradient / size for gradient in _like(gradients, inputs, others))
