// Return 1/tanh(x) - 1/x, 0 at 0.
static double langevin_of(double x) {
    if (fabs(x) > 1.0) {
        return 1.0 / tanh(x) - 1.0 / x;
    }
    // Near 0, where that cancels, as the logarithmic derivative of sinh(x)/x.
    return x != 0.0 ? sinhc_slope_of(x) / (sinh(x) / x) : 0.0;
}
