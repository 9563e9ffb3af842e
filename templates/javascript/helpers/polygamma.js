/** Return the n-th derivative of digamma, n >= 1, at x >= 0; for n = 2 below, too. */
function _polygamma(n, x) {
  // The distance from the nearest pole is exact.
  const part = x - Math.floor(x + 0.5);
  if (n === 2 && x < 0 && part !== 0) {
    // By reflection.
    const ratio = Math.PI / Math.sin(Math.PI * part);
    const slope = 2 * Math.cos(Math.PI * part) * ratio ** 3;
    return _polygamma(2, 1 - x) - slope;
  }
  if (!(x > 0 && x < Infinity)) {
    return x === 0 ? (n % 2 === 1 ? Infinity : -Infinity) : x > 0 ? 0 : NaN;
  }
  let factorial = 1;
  for (let k = 2; k <= n; k++) {
    factorial *= k;
  }
  let total = 0;
  // By recurrence to where the asymptotic series holds.
  while (x < n + 10) {
    total += factorial * x ** -(n + 1);
    x += 1;
  }
  const power = x ** -n;
  total += (factorial / n) * power + (0.5 * factorial * power) / x;
  // The terms are B(2k)*(2k + n - 1)!/(2k)!/x**(2k + n).
  let term = (factorial / n) * power;
  let k = 0;
  for (const bernoulli of [
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510,
  ]) {
    k += 1;
    term *= (2 * k + n - 1) / (2 * k * x);
    term *= (2 * k + n - 2) / ((2 * k - 1) * x);
    total += bernoulli * term;
  }
  return n % 2 === 1 ? total : -total;
}
