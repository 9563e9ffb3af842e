/** Return the sum of k**-s over k = 1, 2, ..., for s > 1; infinite at 1, NaN below. */
function _zeta(s) {
  if (!(s > 1)) {
    return s === 1 ? Infinity : NaN;
  }
  if (s > 60) {
    return 1 + 2 ** -s;
  }
  // Nine terms, and the formula of Euler and Maclaurin for the rest.
  const last = 10 ** -s;
  let total = last / 2 + (10 * last) / (s - 1);
  let term = last;
  let k = 0;
  for (const c of [
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160,
    -691 / 1307674368000, 1 / 74724249600, -3617 / 10670622842880000,
  ]) {
    term *= ((s + 2 * k) / 10) * (k > 0 ? (s + 2 * k - 1) / 10 : 1);
    total += c * term;
    k += 1;
  }
  for (let n = 9; n > 0; n--) {
    total += n ** -s;
  }
  return total;
}
