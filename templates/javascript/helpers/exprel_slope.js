/** Return the derivative of (exp(x) - 1)/x, (exp(x) - (exp(x) - 1)/x)/x. */
function _exprel_slope(x) {
  if (Math.abs(x) > 1) {
    return x > 709.78 ? Infinity : (Math.exp(x) - Math.expm1(x) / x) / x;
  }
  // Near 0, where that cancels, by its power series in nested form.
  let total = 1;
  for (let k = 18; k > 0; k--) {
    total = 1 + (total * x * (k + 1)) / (k * (k + 2));
  }
  return 0.5 * total;
}
