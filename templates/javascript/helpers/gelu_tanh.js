/** Return x*sigmoid(z), z = sqrt(8/pi)*(x + 0.044715*x**3). */
function _gelu_tanh(x) {
  const z = 1.5957691216057308 * (x + 0.044715 * x * x * x);
  return z > -709 ? x / (1 + Math.exp(-z)) : x * Math.exp(z);
}
