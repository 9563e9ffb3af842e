def _shaped(
    gradients: tuple[Array | float, ...], inputs: tuple[Array, ...]
) -> tuple[Array, ...]:
    """Return gradients in the shapes and the precision of their inputs."""
    found = []
    for gradient, x in zip(gradients, inputs, strict=True):
        found.append(jnp.broadcast_to(gradient, x.shape).astype(x.dtype))
    return tuple(found)
