/** Return the normal density over the normal distribution function. */
function _log_norm_cdf_slope(x) {
  if (x > 0) {
    const tail = 0.5 * _erfc(Math.SQRT1_2 * x);
    return (0.3989422804014327 * Math.exp(-0.5 * x * x)) / (1 - tail);
  }
  return 0.7978845608028654 / _erfcx(-Math.SQRT1_2 * x);
}
