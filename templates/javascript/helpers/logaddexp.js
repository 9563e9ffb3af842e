/** Return log(exp(a) + exp(b)), infinite operands included. */
function _logaddexp(a, b) {
  if (a === b) {
    return a + Math.LN2;
  }
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}
