// Return the derivative of 1/tanh(x) - 1/x, 1/x**2 - 1/sinh(x)**2.
static double langevin_slope_of(double x) {
    if (fabs(x) > 1.5) {
        const double s = sinh(fmin(fabs(x), 700.0));
        return 1.0 / x / x - 1.0 / s / s;
    }
    if (fabs(x) < 1e-300) {
        return 1.0 / 3.0;
    }
    // Near 0, where that cancels, by the function's differential equation.
    const double y = langevin_of(x);
    return 1.0 - y * y - 2.0 * (y / x);
}
