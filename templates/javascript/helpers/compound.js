/** Return ((1 + r)**n - 1)/r, n at r = 0. */
function _compound(r, n) {
  if (r < -0.5) {
    return (_power(1 + r, n) - 1) / r;
  }
  // expm1(u)/r with u = n*log(1 + r), as a product of quotients that are 1 at 0.
  const log = r !== 0 ? Math.log1p(r) / r : 1;
  return n * log * _exprel(n * Math.log1p(r));
}
