// Return the derivative of x/sin(x), (1 - x/tan(x))/sin(x).
static double xcsc_slope_of(double x) {
    if (x == 0.0) {
        return 0.0;
    }
    const double s = sin(x);
    if (fabs(x) > 1.0) {
        return (1.0 - x / tan(x)) / s;
    }
    // Near 0, where that cancels, as the derivative of 1/(sin(x)/x).
    const double inverse = x / s;
    return -sinc_slope_of(x) * (inverse * inverse);
}
