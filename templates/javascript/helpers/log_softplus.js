/** Return log(log(1 + exp(x))). */
function _log_softplus(x) {
  if (x < -37) {
    return x - 0.5 * Math.exp(x);
  }
  return Math.log(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
}
