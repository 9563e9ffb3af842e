/** Return 0 below 0, 1 above; NaN for NaN. */
function _heaviside(x, atZero) {
  return x > 0 ? 1 : x < 0 ? 0 : x === 0 ? atZero : x;
}
