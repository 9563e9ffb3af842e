/** Return 1/(1 + exp(-x)). */
function _sigmoid(x) {
  return x > -709 ? 1 / (1 + Math.exp(-x)) : Math.exp(x);
}
