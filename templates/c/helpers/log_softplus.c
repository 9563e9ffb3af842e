// Return log(log(1 + exp(x))).
static double log_softplus_of(double x) {
    if (x < -37.0) {
        return x - 0.5 * exp(x);
    }
    return log(fmax(x, 0.0) + log1p(exp(-fabs(x))));
}
