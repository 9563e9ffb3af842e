// Return the derivative of (exp(x) - 1)/x, (exp(x) - (exp(x) - 1)/x)/x.
static double exprel_slope_of(double x) {
    if (x > 709.78) {
        return INFINITY;
    }
    if (fabs(x) > 1.0) {
        return (exp(x) - expm1(x) / x) / x;
    }
    // Near 0, where that cancels, by its power series in nested form.
    double total = 1.0;
#pragma GCC unroll 18
    for (int k = 18; k > 0; k--) {
        total = 1.0 + total * x * (k + 1.0) / (k * (k + 2.0));
    }
    return 0.5 * total;
}
