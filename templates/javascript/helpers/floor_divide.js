/** Return floor(x/y), without the rounding of the quotient. */
function _floor_divide(x, y) {
  if (y === 0) {
    return x / y;
  }
  const rest = x % y;
  let quotient = (x - rest) / y;
  if (rest !== 0 && rest < 0 !== y < 0) {
    quotient -= 1;
  }
  if (quotient === 0) {
    return _copysign(0, x / y);
  }
  const whole = Math.floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}
