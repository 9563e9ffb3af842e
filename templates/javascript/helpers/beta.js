/** Return gamma(a)*gamma(b)/gamma(a + b) for a, b > 0; infinite at 0, NaN below. */
function _beta(a, b) {
  if (!(a > 0 && b > 0)) {
    return Math.min(a, b) === 0 ? Infinity : NaN;
  }
  const small = Math.min(a, b);
  const large = Math.max(a, b);
  if (small < 1e-300) {
    return 1 / small;
  }
  const total = small + large;
  if (total < 171) {
    // What the sum rounds off, times d log(gamma) = digamma, about log.
    const lost = small - (total - large);
    const ratio = _gamma(large) / _gamma(total);
    return ratio * _gamma(small) * (1 - lost * Math.log(total));
  }
  // Where the gamma functions overflow, by logarithms.
  return Math.exp(_log_beta(a, b));
}
