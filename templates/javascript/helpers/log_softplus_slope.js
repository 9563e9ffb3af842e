/** Return the derivative of log(log(1 + exp(x))). */
function _log_softplus_slope(x) {
  if (x < -37) {
    return 1 - 0.5 * Math.exp(x);
  }
  const t = Math.exp(-Math.abs(x));
  const sigmoid = x > 0 ? 1 / (1 + t) : t / (1 + t);
  return sigmoid / (Math.max(x, 0) + Math.log1p(t));
}
