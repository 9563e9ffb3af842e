def _sigmoid_difference(a: float, b: float) -> float:
    """Return sigmoid(a - b), right to its own last digits."""
    x = a - b
    if abs(x) > 746.0:
        return 1.0 if x > 0.0 else 0.0
    # What the subtraction rounds off is put back.
    lost = (a - (x + (a - x))) + ((a - x) - b)
    e = math.exp(-abs(x))
    s = 1.0 / (1.0 + e) if x > 0.0 else e / (1.0 + e)
    return s + s * (1.0 - s) * lost
