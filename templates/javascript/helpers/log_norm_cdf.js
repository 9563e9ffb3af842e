/** Return the logarithm of the normal distribution function, far out too. */
function _log_norm_cdf(x) {
  if (x > 0) {
    return Math.log1p(-0.5 * _erfc(Math.SQRT1_2 * x));
  }
  return Math.log(0.5 * _erfcx(-Math.SQRT1_2 * x)) - 0.5 * x * x;
}
