// Return exp(a)*erfc(b), where exp(a) alone is too large too.
static double exp_erfc_of(double a, double b) {
    if (b < 1.0) {
        return exp(a) * erfc(b);
    }
    return exp(a - b * b) * erfcx_of(b);
}
