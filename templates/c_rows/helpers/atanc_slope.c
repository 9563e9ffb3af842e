// Return the derivative of atan(x)/x, (1/(1 + x**2) - atan(x)/x)/x.
static double atanc_slope_of(double x) {
    if (fabs(x) > 0.5) {
        return (1.0 / (1.0 + x * x) - atan(x) / x) / x;
    }
    // Near 0, where that cancels, by its power series.
    const double square = x * x;
    double total = 0.0;
#pragma GCC unroll 27
    for (int k = 27; k > 0; k--) {
        total = 2.0 * k / (2.0 * k + 1.0) - total * square;
    }
    return -x * total;
}
