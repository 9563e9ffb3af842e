// Return the derivative of sinh(x)/x, (cosh(x) - sinh(x)/x)/x.
static double sinhc_slope_of(double x) {
    if (fabs(x) > 710.47) {
        return copysign(INFINITY, x);
    }
    if (fabs(x) > 2.0) {
        return (cosh(x) - sinh(x) / x) / x;
    }
    // Near 0, where that cancels, by its power series in nested form.
    const double square = x * x;
    double total = 0.0;
    for (int k = 13; k > 0; k--) {
        total = (1.0 + total) * square / (2.0 * k * (2.0 * k + 3.0));
    }
    return x / 3.0 * (1.0 + total);
}
