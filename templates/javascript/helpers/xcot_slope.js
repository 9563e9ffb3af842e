/** Return the derivative of x/tan(x), (1 - x/sin(x)/cos(x))/tan(x). */
function _xcot_slope(x) {
  if (x === 0) {
    return 0;
  }
  if (Math.abs(x) > 1) {
    return 1 / Math.tan(x) - x / Math.sin(x) ** 2;
  }
  // Near 0, where that cancels, as the derivative of cos(x)/(sin(x)/x).
  const s = Math.sin(x) / x;
  return -x - (Math.cos(x) * _sinc_slope(x)) / (s * s);
}
