/** Return exp(-x**2), right to its own last digits. */
function _gauss(x) {
  if (Math.abs(x) > 28) {
    return 0;
  }
  // The square of the larger part is exact.
  const high = Math.floor(x * 1048576) / 1048576;
  const value = Math.exp(-high * high);
  return value + value * Math.expm1(-(x - high) * (x + high));
}
