/** Return exp(a)*erfc(b), where exp(a) alone is too large too. */
function _exp_erfc(a, b) {
  return b < 1 ? Math.exp(a) * _erfc(b) : Math.exp(a - b * b) * _erfcx(b);
}
