// Return the derivative of sin(x)/x, (cos(x) - sin(x)/x)/x.
static double sinc_slope_of(double x) {
    const double far = (cos(x) - sin(x) / x) / x;
    // Near 0, where that cancels, by its power series in nested form.
    const double square = x * x;
    double total = 0.0;
    for (int k = 13; k > 0; k--) {
        total = (1.0 - total) * square / (2.0 * k * (2.0 * k + 3.0));
    }
    return fabs(x) > 2.0 ? far : -x / 3.0 * (1.0 - total);
}
