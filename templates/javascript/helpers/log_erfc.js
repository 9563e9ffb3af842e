/** Return log(erfc(x)), far out too. */
function _log_erfc(x) {
  return x < 0.5 ? Math.log1p(-_erf(x)) : Math.log(_erfcx(x)) - x * x;
}
