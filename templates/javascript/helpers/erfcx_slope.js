/** Return the derivative of erfcx(x), 2*x*erfcx(x) - 2/sqrt(pi). */
function _erfcx_slope(x) {
  if (x < 2) {
    return 2 * x * _erfcx(x) - 1.1283791670955126;
  }
  if (x > 12) {
    // That cancels: the asymptotic series' slope, Abramowitz and Stegun 7.1.23.
    let total = 1;
    let term = 1;
    for (let k = 1; k < 13; k++) {
      term *= (0.5 - k) / x / x;
      total += (2 * k + 1) * term;
    }
    return -total / x / x / 1.772453850905516;
  }
  // By Laplace's continued fraction of erfcx, 1/sqrt(pi)/(x + t) with
  // t = (1/2)/(x + 1/(x + (3/2)/(x + ...))).
  let t = 0;
  for (let k = 60; k > 0; k--) {
    t = (0.5 * k) / (x + t);
  }
  return (-1.1283791670955126 * t) / (x + t);
}
