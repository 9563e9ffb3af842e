def _like(
    gradients: tuple[Array | float, ...],
    inputs: tuple[Array, ...],
    others: tuple[Array, ...] = (),
) -> tuple[Array, ...]:
    """Return gradients in the shapes of their inputs: summed over what these were spread along."""
    shape = jnp.broadcast_shapes(*map(jnp.shape, (*inputs, *others)))
    found = []
    for gradient, x in zip(gradients, inputs, strict=True):
        own = (1,) * (len(shape) - jnp.ndim(x)) + jnp.shape(x)
        axes = tuple(i for i, n in enumerate(own) if n != shape[i])
        whole = jnp.broadcast_to(gradient, shape).sum(axes).reshape(jnp.shape(x))
        found.append(whole.astype(jnp.asarray(x).dtype))
    return tuple(found)
