/** Return the derivative of the zeta function, for s > 1; -Infinity at 1, NaN below. */
function _zeta_slope(s) {
  if (!(s > 1)) {
    return s === 1 ? -Infinity : NaN;
  }
  if (s > 60) {
    return -Math.log(2) * 2 ** -s - Math.log(3) * 3 ** -s;
  }
  const log = Math.log(10);
  // Nine terms, and the formula of Euler and Maclaurin for the rest.
  const last = 10 ** -s;
  let total = last * (log / 2 + 10 * (log / (s - 1) + 1 / (s - 1) ** 2));
  let term = last;
  let slope = -log;
  let k = 0;
  for (const c of [
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160,
    -691 / 1307674368000, 1 / 74724249600, -3617 / 10670622842880000,
  ]) {
    term *= ((s + 2 * k) / 10) * (k > 0 ? (s + 2 * k - 1) / 10 : 1);
    slope += 1 / (s + 2 * k) + (k > 0 ? 1 / (s + 2 * k - 1) : 0);
    total -= c * term * slope;
    k += 1;
  }
  for (let n = 9; n > 1; n--) {
    total += Math.log(n) * n ** -s;
  }
  return -total;
}
