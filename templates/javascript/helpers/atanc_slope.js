/** Return the derivative of atan(x)/x, (1/(1 + x**2) - atan(x)/x)/x. */
function _atanc_slope(x) {
  if (Math.abs(x) > 0.5) {
    return (1 / (1 + x * x) - Math.atan(x) / x) / x;
  }
  // Near 0, where that cancels, by its power series.
  const square = x * x;
  let total = 0;
  for (let k = 27; k > 0; k--) {
    total = (2 * k) / (2 * k + 1) - total * square;
  }
  return -x * total;
}
