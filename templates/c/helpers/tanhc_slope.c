// Return the derivative of tanh(x)/x, (1 - tanh(x)**2 - tanh(x)/x)/x.
static double tanhc_slope_of(double x) {
    if (x == 0.0) {
        return 0.0;
    }
    const double t = tanh(x);
    if (fabs(x) > 1.0) {
        return ((1.0 - t) * (1.0 + t) - t / x) / x;
    }
    // Near 0, where that cancels, as the derivative of (sinh(x)/x)/cosh(x).
    return sinhc_slope_of(x) / cosh(x) - t * (t / x);
}
