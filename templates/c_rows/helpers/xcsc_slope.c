// Return the derivative of x/sin(x), (1 - x/tan(x))/sin(x).
static double xcsc_slope_of(double x) {
    const double s = sin(x);
    const double far = (1.0 - x / tan(x)) / s;
    // Near 0, where that cancels, as the derivative of 1/(sin(x)/x).
    const double inverse = x / s;
    const double near = -sinc_slope_of(x) * (inverse * inverse);
    return x == 0.0 ? 0.0 : fabs(x) > 1.0 ? far : near;
}
