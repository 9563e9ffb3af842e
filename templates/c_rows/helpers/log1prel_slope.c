// Return the derivative of log(1 + x)/x, (1/(1 + x) - log(1 + x)/x)/x.
static double log1prel_slope_of(double x) {
    if (x == -1.0) {
        return -INFINITY;
    }
    if (fabs(x) > 0.3) {
        return (1.0 / (1.0 + x) - log1p(x) / x) / x;
    }
    // Near 0, where that cancels, by its power series.
    double total = 0.0;
#pragma GCC unroll 32
    for (int k = 32; k > 0; k--) {
        total = k / (k + 1.0) - total * x;
    }
    return -total;
}
