// Return the derivative of x/tan(x), (1 - x/sin(x)/cos(x))/tan(x).
static double xcot_slope_of(double x) {
    const double sine = sin(x);
    const double far = 1.0 / tan(x) - x / (sine * sine);
    // Near 0, where that cancels, as the derivative of cos(x)/(sin(x)/x).
    const double s = sine / x;
    const double near = -x - cos(x) * sinc_slope_of(x) / (s * s);
    return x == 0.0 ? 0.0 : fabs(x) > 1.0 ? far : near;
}
