// Return gamma(a)*gamma(b)/gamma(a + b) for a, b > 0.
static double beta_of(double a, double b) {
    if (!(a > 0.0 && b > 0.0)) {
        return (a == 0.0 && b >= 0.0) || (b == 0.0 && a > 0.0) ? INFINITY : NAN;
    }
    const double small = fmin(a, b);
    const double large = fmax(a, b);
    if (small < 1e-300) {
        return small > 6e-309 ? 1.0 / small : INFINITY;
    }
    const double total = small + large;
    if (total < 171.0) {
        // What the sum rounds off, times d log(gamma) = digamma, about log.
        const double lost = small - (total - large);
        const double ratio = tgamma(large) / tgamma(total);
        return ratio * tgamma(small) * (1.0 - lost * log(total));
    }
    // Where the gamma functions overflow, by logarithms.
    return exp(log_beta_of(a, b));
}
