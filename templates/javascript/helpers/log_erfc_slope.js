/** Return the derivative of log(erfc(x)), -2/sqrt(pi)*exp(-x**2)/erfc(x). */
function _log_erfc_slope(x) {
  if (x < -20) {
    return -0.5641895835477563 * Math.exp(-x * x);
  }
  return -1.1283791670955126 / _erfcx(x);
}
