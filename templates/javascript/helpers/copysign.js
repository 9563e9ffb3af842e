/** Return x with the sign of y. */
function _copysign(x, y) {
  const negative = y < 0 || (y === 0 && 1 / y < 0);
  return negative ? -Math.abs(x) : Math.abs(x);
}
