// Return the derivative of erfcx(x), 2*x*erfcx(x) - 2/sqrt(pi).
static double erfcx_slope_of(double x) {
    if (x < 2.0) {
        return 2.0 * x * erfcx_of(x) - 1.1283791670955126;
    }
    if (x > 12.0) {
        // That cancels: the asymptotic series' slope, Abramowitz and Stegun 7.1.23.
        double total = 1.0;
        double term = 1.0;
        for (int k = 1; k < 13; k++) {
            term *= (0.5 - k) / x / x;
            total += (2.0 * k + 1.0) * term;
        }
        return -total / x / x / 1.772453850905516;
    }
    // By Laplace's continued fraction of erfcx, 1/sqrt(pi)/(x + t) with t = (1/2)/(x +
    // 1/(x + (3/2)/(x + ...))).
    double t = 0.0;
    for (int k = 60; k > 0; k--) {
        t = 0.5 * k / (x + t);
    }
    return -1.1283791670955126 * t / (x + t);
}
