/** Return x - y*floor(x/y), which has the sign of y. */
function _modulo(x, y) {
  const rest = x % y;
  if (rest === 0) {
    return _copysign(0, y);
  }
  return rest < 0 === y < 0 ? rest : rest + y;
}
