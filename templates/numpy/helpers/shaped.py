def _shaped(
    gradients: tuple[Array | float, ...], inputs: tuple[Array, ...]
) -> tuple[Array, ...]:
    """Return gradients in the shapes and the precision of their inputs."""
    found = []
    for gradient, x in zip(gradients, inputs, strict=True):
        found.append(np.array(np.broadcast_to(gradient, x.shape), x.dtype)[()])
    return tuple(found)
