/** Return 1/tanh(x) - 1/x, 0 at 0. */
function _langevin(x) {
  if (Math.abs(x) > 1) {
    return 1 / Math.tanh(x) - 1 / x;
  }
  // Near 0, where that cancels, as the logarithmic derivative of sinh(x)/x.
  return x !== 0 ? _sinhc_slope(x) / (Math.sinh(x) / x) : 0;
}
