/** Return x with erf(x) = y; infinite at -1 and 1, NaN beyond. */
function _erfinv(y) {
  if (!(Math.abs(y) < 1)) {
    return Math.abs(y) === 1 ? y * Infinity : NaN;
  }
  if (Math.abs(y) > 0.5) {
    // There 1 - y is exact.
    return _copysign(_erfcinv(1 - Math.abs(y)), y);
  }
  // Two terms of the series, then Halley's steps.
  const half = 0.5 * Math.sqrt(Math.PI);
  let x = half * y * (1 + (Math.PI / 12) * y * y);
  for (let k = 0; k < 2; k++) {
    const step = (_erf(x) - y) * half * Math.exp(x * x);
    x -= step / (1 + x * step);
  }
  return x;
}
