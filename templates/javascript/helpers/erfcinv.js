/** Return x with erfc(x) = q; infinite at 0 and 2, NaN beyond. */
function _erfcinv(q) {
  if (!(q > 0 && q < 2)) {
    return q === 0 ? Infinity : q === 2 ? -Infinity : NaN;
  }
  if (q > 1.5) {
    return -_erfcinv(2 - q);
  }
  if (q >= 0.5) {
    return _erfinv(1 - q);
  }
  // Winitzki's estimate, then Newton's steps on log(erfc(x)).
  const log = Math.log(q) + Math.log(2 - q);
  const t = 2 / (Math.PI * 0.147) + 0.5 * log;
  let x = Math.min(Math.sqrt(Math.sqrt(t * t - log / 0.147) - t), 26.5);
  for (let k = 0; k < 4; k++) {
    const tail = _erfc(x);
    const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
    x += Math.log(tail / q) * (tail / slope);
  }
  return x;
}
