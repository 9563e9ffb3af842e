/** Return the derivative of x/sin(x), (1 - x/tan(x))/sin(x). */
function _xcsc_slope(x) {
  if (x === 0) {
    return 0;
  }
  const s = Math.sin(x);
  if (Math.abs(x) > 1) {
    return (1 - x / Math.tan(x)) / s;
  }
  // Near 0, where that cancels, as the derivative of 1/(sin(x)/x).
  return -_sinc_slope(x) * (x / s) ** 2;
}
