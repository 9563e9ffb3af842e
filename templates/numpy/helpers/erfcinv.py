def _erfcinv(q: Array) -> Array:
    """Return x with erfc(x) = q; infinite at 0 and 2, nan beyond."""
    tail = np.minimum(q, 2.0 - q)
    some = np.where(tail > 0.0, np.clip(tail, None, 0.5), 0.5)
    # Winitzki's estimate, then Newton's steps on log(erfc(x)).
    log = np.log(some) + np.log(2.0 - some)
    t = 2.0 / (np.pi * 0.147) + 0.5 * log
    x = np.sqrt(np.sqrt(t * t - log / 0.147) - t)
    for _ in range(4):
        rise = _log_erfc(x) - np.log(some)
        x = x + rise * _erfcx(x) / 1.1283791670955126
    edge = np.where(tail == 0.0, np.inf, np.nan)
    far = np.where(tail > 0.0, x, edge)
    far = np.where(q > 1.0, -far, far)
    near = special.erfinv(1.0 - np.clip(q, 0.5, 1.5))
    return np.where(tail < 0.5, far, near)
