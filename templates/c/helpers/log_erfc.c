// Return log(erfc(x)), far out too.
static double log_erfc_of(double x) {
    if (x < 0.5) {
        return log1p(-erf(x));
    }
    return log(erfcx_of(x)) - x * x;
}
