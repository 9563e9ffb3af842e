/** Return 1 - tanh(x)**2, right to its own last digits. */
function _tanh_slope(x) {
  // 4*e/(1 + e)**2, without the cancellation.
  const e = Math.exp(-2 * Math.abs(x));
  return (4 * e) / ((1 + e) * (1 + e));
}
