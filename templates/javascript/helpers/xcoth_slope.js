/** Return the derivative of x/tanh(x), 1/tanh(x) - x/sinh(x)**2. */
function _xcoth_slope(x) {
  if (x === 0) {
    return 0;
  }
  if (Math.abs(x) > 1) {
    const size = Math.min(Math.abs(x), 350); // from where on it is 1
    return Math.sign(x) * (1 / Math.tanh(size) - size / Math.sinh(size) ** 2);
  }
  // Near 0, where that cancels, as the derivative of cosh(x)/(sinh(x)/x).
  const s = Math.sinh(x) / x;
  return x - (Math.cosh(x) * _sinhc_slope(x)) / (s * s);
}
