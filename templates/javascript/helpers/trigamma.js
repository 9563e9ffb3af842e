/** Return the derivative of digamma; infinite at its poles. */
function _trigamma(x) {
  if (x > 0) {
    return _polygamma(1, x);
  }
  // By reflection; the distance from the nearest pole is exact.
  const part = x - Math.floor(x + 0.5);
  if (part === 0) {
    return Infinity;
  }
  return (Math.PI / Math.sin(Math.PI * part)) ** 2 - _polygamma(1, 1 - x);
}
