def _sigmoid_difference(a: Array, b: Array) -> Array:
    """Return sigmoid(a - b), right to its own last digits."""
    x = a - b
    far = np.abs(x) > 746.0
    e = np.exp(-np.abs(x))
    s = np.where(x > 0.0, 1.0, e) / (1.0 + e)
    # What the subtraction rounds off is put back.
    a, b = np.where(far, 0.0, a), np.where(far, 0.0, b)
    part = a - (a - b)
    lost = (a - ((a - b) + part)) + (part - b)
    return s + s * (1.0 - s) * lost
