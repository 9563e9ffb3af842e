/** Return (exp(x) - 1)/x, 1 at 0. */
function _exprel(x) {
  return x !== 0 ? Math.expm1(x) / x : 1;
}
