def _beta(a: float, b: float) -> float:
    """Return gamma(a)*gamma(b)/gamma(a + b) for a, b > 0."""
    if not (a > 0.0 and b > 0.0):
        raise ValueError("math domain error")
    small, large = min(a, b), max(a, b)
    if small < 1e-300:
        return 1.0 / small if small > 6e-309 else math.inf
    total = small + large
    if total < 171.0:
        # What the sum rounds off, times d log(gamma) = digamma, about log.
        lost = small - (total - large)
        ratio = math.gamma(large) / math.gamma(total)
        return ratio * math.gamma(small) * (1.0 - lost * math.log(total))
    # Where the gamma functions overflow, by logarithms.
    return math.exp(_log_beta(a, b))
