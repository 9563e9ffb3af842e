// Return the derivative of x/tanh(x), 1/tanh(x) - x/sinh(x)**2.
static double xcoth_slope_of(double x) {
    if (x == 0.0) {
        return 0.0;
    }
    if (fabs(x) > 1.0) {
        const double size = fmin(fabs(x), 350.0);  // from where on it is 1
        const double sine = sinh(size);
        return copysign(1.0 / tanh(size) - size / (sine * sine), x);
    }
    // Near 0, where that cancels, as the derivative of cosh(x)/(sinh(x)/x).
    const double s = sinh(x) / x;
    return x - cosh(x) * sinhc_slope_of(x) / (s * s);
}
