// Return exp(x**2)*erfc(x).
static double erfcx_of(double x) {
    if (x < -27.0) {
        return INFINITY;
    }
    if (x < 12.0) {
        // The square of the larger part is exact.
        const double high = floor(x * 64.0) / 64.0;
        const double low = x - high;
        return exp(high * high) * exp(low * (x + high)) * erfc(x);
    }
    // The asymptotic series, Abramowitz and Stegun 7.1.23.
    double total = 1.0;
    for (int k = 25; k > 0; k -= 2) {
        total = 1.0 - 0.5 * k * total / x / x;
    }
    return total / x / 1.772453850905516;
}
