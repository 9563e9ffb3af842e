def _cosine_integral(x: Array) -> Array:
    """Return the integral of cos(t)/t over t from infinity to x."""
    return special.sici(x)[1]
