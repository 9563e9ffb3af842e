/** Return the derivative of x/sinh(x), (1 - x/tanh(x))/sinh(x). */
function _xcsch_slope(x) {
  if (Math.abs(x) > 700) {
    return _copysign(2 * (Math.abs(x) - 1) * Math.exp(-Math.abs(x)), -x);
  }
  if (Math.abs(x) > 1) {
    return (1 - x / Math.tanh(x)) / Math.sinh(x);
  }
  // Near 0, where that cancels, as the derivative of 1/(sinh(x)/x).
  return -_sinhc_slope(x) * _xcsch(x) ** 2;
}
