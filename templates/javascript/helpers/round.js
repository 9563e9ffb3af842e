/** Return the whole number next to x, halves to the even one. */
function _round(x) {
  // Beyond 2**52 there are no fractions, so that the sum rounds them off.
  const large = _copysign(4503599627370496, x);
  return Math.abs(x) < 4503599627370496 ? x + large - large : x;
}
