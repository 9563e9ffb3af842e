def _xcsch_slope(x: Array) -> Array:
    """Return the derivative of x/sinh(x), (1 - x/tanh(x))/sinh(x)."""
    size = np.abs(x)
    far = np.clip(size, 700.0, None)
    large = np.copysign(2.0 * (far - 1.0) * np.exp(-far), -x)
    apart = np.where(size > 1.0, np.clip(x, -700.0, 700.0), 2.0)
    direct = (1.0 - apart / np.tanh(apart)) / np.sinh(apart)
    # Near 0, where that cancels, as the derivative of 1/(sinh(x)/x).
    near = np.clip(x, -1.0, 1.0)
    near = -_sinhc_slope(near) / _sinhc(near) ** 2
    return np.where(size > 700.0, large, np.where(size > 1.0, direct, near))
