/** Return the derivative of tanh(x)/x, (1 - tanh(x)**2 - tanh(x)/x)/x. */
function _tanhc_slope(x) {
  if (x === 0) {
    return 0;
  }
  const t = Math.tanh(x);
  if (Math.abs(x) > 1) {
    return ((1 - t) * (1 + t) - t / x) / x;
  }
  // Near 0, where that cancels, as the derivative of (sinh(x)/x)/cosh(x).
  return _sinhc_slope(x) / Math.cosh(x) - t * (t / x);
}
