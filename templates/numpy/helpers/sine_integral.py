def _sine_integral(x: Array) -> Array:
    """Return the integral of sin(t)/t over t from 0 to x."""
    return special.sici(x)[0]
