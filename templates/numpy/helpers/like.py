def _like(
    gradients: tuple[Array | float, ...],
    inputs: tuple[Array, ...],
    others: tuple[Array, ...] = (),
) -> tuple[Array, ...]:
    """Return gradients in the shapes of their inputs: summed over what these were spread along."""
    shape = np.broadcast_shapes(*map(np.shape, (*inputs, *others)))
    found = []
    for gradient, x in zip(gradients, inputs, strict=True):
        if np.shape(gradient) != shape:
            gradient = np.broadcast_to(gradient, shape)
        if np.shape(x) != shape:
            own = (1,) * (len(shape) - np.ndim(x)) + np.shape(x)
            axes = tuple(i for i, n in enumerate(own) if n != shape[i])
            gradient = np.sum(gradient, axes).reshape(np.shape(x))
        found.append(np.array(gradient, np.asarray(x).dtype)[()])
    return tuple(found)
