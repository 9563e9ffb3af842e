/** Return the derivative of ((1 + r)**n - 1)/r by r, n*(n - 1)/2 at r = 0. */
function _compound_slope(r, n) {
  if (r < -0.5) {
    const power = _power(1 + r, n - 1);
    if (!Number.isFinite(power * (1 + r))) {
      return power * (n - (1 + r) / r) / r;
    }
    return (n * power - (power * (1 + r) - 1) / r) / r;
  }
  const u = n * Math.log1p(r);
  const log = r !== 0 ? Math.log1p(r) / r : 1;
  const byPower = (n / (1 + r)) * log * _exprel_slope(u);
  return n * (byPower + _log1prel_slope(r) * _exprel(u));
}
