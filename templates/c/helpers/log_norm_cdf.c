// Return the logarithm of the normal distribution function, far out too.
static double log_norm_cdf_of(double x) {
    if (x > 0.0) {
        return log1p(-0.5 * erfc(0.7071067811865476 * x));
    }
    return log(0.5 * erfcx_of(-0.7071067811865476 * x)) - 0.5 * x * x;
}
