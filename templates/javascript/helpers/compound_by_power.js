/** Return the derivative of ((1 + r)**n - 1)/r by n; NaN where r is below -1. */
function _compound_by_power(r, n) {
  if (r <= -1) {
    return r === -1 ? 0 : NaN;
  }
  const log = r !== 0 ? Math.log1p(r) / r : 1;
  return Math.exp(n * Math.log1p(r)) * log;
}
