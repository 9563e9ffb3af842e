// Return the derivative of x/tan(x), (1 - x/sin(x)/cos(x))/tan(x).
static double xcot_slope_of(double x) {
    if (x == 0.0) {
        return 0.0;
    }
    if (fabs(x) > 1.0) {
        const double sine = sin(x);
        return 1.0 / tan(x) - x / (sine * sine);
    }
    // Near 0, where that cancels, as the derivative of cos(x)/(sin(x)/x).
    const double s = sin(x) / x;
    return -x - cos(x) * sinc_slope_of(x) / (s * s);
}
