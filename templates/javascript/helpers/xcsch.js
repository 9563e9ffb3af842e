/** Return x/sinh(x), 1 at 0. */
function _xcsch(x) {
  if (Math.abs(x) > 700) {
    return 2 * Math.abs(x) * Math.exp(-Math.abs(x));
  }
  return x !== 0 ? x / Math.sinh(x) : 1;
}
