def _gamma(x: Array) -> Array:
    """Return gamma(x); infinite at 0, nan at its other poles."""
    whole = torch.floor(x)
    sign = torch.where((x < 0.0) & (whole % 2.0 != 0.0), -1.0, 1.0)
    value = sign * torch.exp(special.gammaln(x))
    value = torch.where((x < 0.0) & (whole == x), math.nan, value)
    return torch.where(x == 0.0, 1.0 / x, value)
