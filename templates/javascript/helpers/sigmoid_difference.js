/** Return sigmoid(a - b), right to its own last digits. */
function _sigmoid_difference(a, b) {
  const x = a - b;
  if (Math.abs(x) > 746) {
    return x > 0 ? 1 : 0;
  }
  // What the subtraction rounds off is put back.
  const lost = a - (x + (a - x)) + (a - x - b);
  const e = Math.exp(-Math.abs(x));
  const s = x > 0 ? 1 / (1 + e) : e / (1 + e);
  return s + s * (1 - s) * lost;
}
