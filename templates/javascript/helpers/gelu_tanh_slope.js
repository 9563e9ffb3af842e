/** Return the derivative of x*sigmoid(z), z = sqrt(8/pi)*(x + 0.044715*x**3). */
function _gelu_tanh_slope(x) {
  if (Math.abs(x) > 40) {
    return x > 0 ? 1 : 0;
  }
  const z = 1.5957691216057308 * (x + 0.044715 * x * x * x);
  const slope = 1.5957691216057308 * (1 + 0.134145 * x * x);
  const e = Math.exp(-Math.abs(z));
  const s = z > 0 ? 1 / (1 + e) : e / (1 + e);
  return s + ((x * e) / ((1 + e) * (1 + e))) * slope;
}
