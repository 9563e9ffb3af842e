def _spread(value: Array | float, inputs: tuple[Array, ...]) -> Array:
    """Return a value in the shape and the precision that all inputs have together."""
    shape = np.broadcast_shapes(*map(np.shape, inputs))
    value = np.asarray(value, np.result_type(*inputs))
    return (value if value.shape == shape else np.broadcast_to(value, shape).copy())[()]
