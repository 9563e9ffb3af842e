/** Return gamma(x); infinite at 0 and where it is too large, NaN at its other poles. */
function _gamma(x) {
  const whole = Math.round(x);
  const part = x - whole;
  if (x > -12 && x < 12) {
    if (part === 0 && x < 0) {
      return NaN;
    }
    // By recurrence from 1 + part; the differences are exact.
    let value = 1;
    for (let k = 1; k < whole; k++) {
      value *= x - k;
    }
    for (let k = 0; k >= whole; k--) {
      value *= x - k;
    }
    const near = 1 + part * _gamma_rest(part);
    return whole > 0 ? value / near : 1 / (value * near);
  }
  if (x < 0) {
    if (part === 0 || x === -Infinity) {
      return NaN;
    }
    if (x < -170) {
      // Where the reflected value is too large, by recurrence.
      let below = 1;
      for (let k = 0; k < 16; k++) {
        below *= x + k;
      }
      return x < -190 ? 0 : _gamma(x + 16) / below;
    }
    const sine = Math.sin(Math.PI * part) * (whole % 2 === 0 ? 1 : -1);
    return -Math.PI / (x * sine * _gamma(-x));
  }
  if (!(x < 172)) {
    return x + Infinity;
  }
  // Stirling's formula, Abramowitz and Stegun 6.1.41; the exponents are exact.
  const square = 1 / x / x;
  let series = 0;
  for (const c of [
    1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12,
  ]) {
    series = series * square + c;
  }
  const power = x ** (0.5 * x - 0.25);
  const value = 2.5066282746310002 * power * Math.exp(-x) * power;
  return value + value * Math.expm1(series / x);
}
