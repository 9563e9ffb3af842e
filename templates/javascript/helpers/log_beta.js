/** Return log(gamma(a)*gamma(b)/gamma(a + b)) for a, b > 0; NaN below 0. */
function _log_beta(a, b) {
  if (!(a > 0 && b > 0)) {
    return Math.min(a, b) === 0 ? Infinity : NaN;
  }
  const small = Math.min(a, b);
  const large = Math.max(a, b);
  if (small < 1e-300) {
    return -Math.log(small);
  }
  if (large < 10) {
    return Math.log(_gamma(a) * (_gamma(b) / _gamma(a + b)));
  }
  // Stirling's formula for each large argument, with the remainders summed apart.
  let rest = 0;
  for (const [sign, x] of [
    [1, small],
    [1, large],
    [-1, small + large],
  ]) {
    if (x >= 10) {
      const square = 1 / x / x;
      let series = 0;
      for (const c of [
        -3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260,
        -1 / 360, 1 / 12,
      ]) {
        series = series * square + c;
      }
      rest += (sign * series) / x;
    }
  }
  const ratio = small / (small + large);
  if (small >= 10) {
    rest += 0.5 * Math.log((2 * Math.PI) / large) + (small - 0.5) * Math.log(ratio);
    return rest + large * Math.log1p(-ratio);
  }
  rest += _lgamma(small) + small - small * Math.log(small + large);
  return rest + (large - 0.5) * Math.log1p(-ratio);
}
