/** Return the derivative of sin(x)/x, (cos(x) - sin(x)/x)/x. */
function _sinc_slope(x) {
  if (!(Math.abs(x) <= 2)) {
    return (Math.cos(x) - Math.sin(x) / x) / x;
  }
  // Near 0, where that cancels, by its power series in nested form.
  const square = x * x;
  let total = 0;
  for (let k = 13; k > 0; k--) {
    total = ((1 - total) * square) / (2 * k * (2 * k + 3));
  }
  return (-x / 3) * (1 - total);
}
