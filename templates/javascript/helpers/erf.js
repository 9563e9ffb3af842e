/** Return the error function. */
function _erf(x) {
  const size = Math.abs(x);
  if (size > 0.5) {
    return _copysign(1 - _erfc(size), x);
  }
  // The rational approximation of erf(x)/x by W. J. Cody (1969), less 1.
  const square = x * x;
  let above = -0.814222293815396847;
  let below = 1;
  for (const [p, q] of [
    [-20.4401672084735553, 23.6012909523441209],
    [-130.160483783394017, 244.024637934444173],
    [-905.131288392070259, 1282.61652607737228],
    [365.14075569929885, 2844.23683343917062],
  ]) {
    above = above * square + p;
    below = below * square + q;
  }
  return x + x * (above / below);
}
