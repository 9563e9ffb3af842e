/** Return x ** y with C's meaning: 1 where x is 1, and where x is -1 and y infinite. */
function _power(x, y) {
  const one = x === 1 || (x === -1 && Math.abs(y) === Infinity);
  return one ? 1 : x ** y;
}
