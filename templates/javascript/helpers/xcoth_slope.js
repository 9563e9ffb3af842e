/** Return the derivative of x/tanh(x), 1/tanh(x) - x/sinh(x)**2. */
function _xcoth_slope(x) {
  if (x === 0) {
    return 0;
  }
  if (Math.abs(x) > 1) {
    return 1 / Math.tanh(x) - x / Math.sinh(Math.min(Math.abs(x), 350)) ** 2;
  }
  // Near 0, where that cancels, as the derivative of cosh(x)/(sinh(x)/x).
  const s = Math.sinh(x) / x;
  return x - (Math.cosh(x) * _sinhc_slope(x)) / (s * s);
}
