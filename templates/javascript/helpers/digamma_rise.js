/** Return digamma(a + b) - digamma(a), for a > 0 and a + b > 0. */
function _digamma_rise(a, b) {
  if (!(a > 0 && a + b > 0)) {
    return NaN;
  }
  if (b < 0) {
    return -_digamma_rise(a + b, -b);
  }
  // By recurrence to where the asymptotic series holds; nothing cancels.
  let total = 0;
  while (a < 10) {
    total += b / (a + b) / a;
    a += 1;
  }
  const c = a + b;
  const near = 1 / a / a;
  const far = 1 / c / c;
  const step = (b / a / c) * (1 / a + 1 / c);
  // The terms are B(2k)/(2k)*(a**(-2k) - c**(-2k)).
  let term = step;
  let power = 1;
  for (const k of [
    1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12,
    -3617 / 8160,
  ]) {
    total += k * term;
    power *= far;
    term = near * term + power * step;
  }
  return total + (0.5 * b) / a / c + Math.log1p(b / a);
}
