/** Return the derivative of log(1 + x)/x; -Infinity at -1, NaN below. */
function _log1prel_slope(x) {
  if (x === -1) {
    return -Infinity;
  }
  if (Math.abs(x) > 0.3) {
    return (1 / (1 + x) - Math.log1p(x) / x) / x;
  }
  // Near 0, where that cancels, by its power series.
  let total = 0;
  for (let k = 32; k > 0; k--) {
    total = k / (k + 1) - total * x;
  }
  return -total;
}
