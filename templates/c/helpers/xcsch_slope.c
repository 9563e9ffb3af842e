// Return the derivative of x/sinh(x), (1 - x/tanh(x))/sinh(x).
static double xcsch_slope_of(double x) {
    if (fabs(x) > 700.0) {
        return copysign(2.0 * (fabs(x) - 1.0) * exp(-fabs(x)), -x);
    }
    if (fabs(x) > 1.0) {
        return (1.0 - x / tanh(x)) / sinh(x);
    }
    // Near 0, where that cancels, as the derivative of 1/(sinh(x)/x).
    const double y = xcsch_of(x);
    return -sinhc_slope_of(x) * (y * y);
}
