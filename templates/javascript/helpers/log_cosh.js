/** Return log(cosh(x)) without overflow, right to its own last digits near 0. */
function _log_cosh(x) {
  if (Math.abs(x) < 1) {
    return Math.log1p(2 * Math.sinh(0.5 * x) ** 2);
  }
  return Math.abs(x) + Math.log1p(Math.exp(-2 * Math.abs(x))) - Math.LN2;
}
