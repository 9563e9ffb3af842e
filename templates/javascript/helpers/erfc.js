/** Return 1 - erf(x), right to its own last digits far out too. */
function _erfc(x) {
  if (x < 0.5) {
    return 1 - _erf(x);
  }
  return x < 28 ? _gauss(x) * _erfcx(x) : x >= 28 ? 0 : x;
}
