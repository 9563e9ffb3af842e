// Return log(gamma(a)*gamma(b)/gamma(a + b)) for a, b > 0.
static double log_beta_of(double a, double b) {
    if (!(a > 0.0 && b > 0.0)) {
        return (a == 0.0 && b >= 0.0) || (b == 0.0 && a > 0.0) ? INFINITY : NAN;
    }
    const double small = fmin(a, b);
    const double large = fmax(a, b);
    if (small < 1e-300) {
        return -log(small);
    }
    if (large < 10.0) {
        return log(tgamma(a) * (tgamma(b) / tgamma(a + b)));
    }
    // Stirling's formula for each large argument, with the remainders summed apart.
    static const double terms[] = {
        -3617.0 / 122400.0,
        1.0 / 156.0,
        -691.0 / 360360.0,
        1.0 / 1188.0,
        -1.0 / 1680.0,
        1.0 / 1260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    };
    const double signs[] = {1.0, 1.0, -1.0};
    const double arguments[] = {small, large, small + large};
    double rest = 0.0;
    for (int i = 0; i < 3; i++) {
        const double x = arguments[i];
        if (x >= 10.0) {
            const double square = 1.0 / x / x;
            double series = 0.0;
            for (int k = 0; k < 8; k++) {
                series = series * square + terms[k];
            }
            rest += signs[i] * series / x;
        }
    }
    const double ratio = small / (small + large);
    if (small >= 10.0) {
        rest += 0.5 * log(2.0 * 3.141592653589793 / large) + (small - 0.5) * log(ratio);
        return rest + large * log1p(-ratio);
    }
    rest += lgamma(small) + small - small * log(small + large);
    return rest + (large - 0.5) * log1p(-ratio);
}
