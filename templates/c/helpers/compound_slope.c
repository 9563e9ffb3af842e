// Return the derivative of ((1 + r)**n - 1)/r by r, n*(n - 1)/2 at r = 0.
static double compound_slope_of(double r, double n) {
    if (r < -0.5) {
        const double power = pow(1.0 + r, n - 1.0);
        if (isinf(power)) {
            // The sign of n*power/r.
            return r < -1.0 ? -n * power : INFINITY;
        }
        if (isinf(power * (1.0 + r))) {
            return power * (n - (1.0 + r) / r) / r;
        }
        return (n * power - (power * (1.0 + r) - 1.0) / r) / r;
    }
    const double u = n * log1p(r);
    if (u > 709.78) {
        return INFINITY;
    }
    const double ln = r != 0.0 ? log1p(r) / r : 1.0;
    const double by_power = n / (1.0 + r) * ln * exprel_slope_of(u);
    return n * (by_power + log1prel_slope_of(r) * exprel_of(u));
}
