/** Return x/(exp(x) - 1), 1 at 0. */
function _bern(x) {
  if (x === 0) {
    return 1;
  }
  return x < 700 ? x / Math.expm1(x) : x * Math.exp(-x);
}
