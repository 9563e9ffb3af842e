// Return the derivative of log(log(1 + exp(x))).
static double log_softplus_slope_of(double x) {
    if (x < -37.0) {
        return 1.0 - 0.5 * exp(x);
    }
    const double t = exp(-fabs(x));
    const double sigmoid = x > 0.0 ? 1.0 / (1.0 + t) : t / (1.0 + t);
    return sigmoid / (fmax(x, 0.0) + log1p(t));
}
