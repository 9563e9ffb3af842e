// Return the normal density over the normal distribution function.
static double log_norm_cdf_slope_of(double x) {
    if (x > 0.0) {
        const double tail = 0.5 * erfc(0.7071067811865476 * x);
        return 0.3989422804014327 * exp(-0.5 * x * x) / (1.0 - tail);
    }
    return 0.7978845608028654 / erfcx_of(-0.7071067811865476 * x);
}
