// Return the n-th derivative of digamma, n >= 1, at x > 0; for n = 2 below as well.
static double polygamma_of(int n, double x) {
    if (x == INFINITY) {
        return 0.0;
    }
    // The distance from the nearest pole is exact.
    const double part = x - floor(x + 0.5);
    if (n == 2 && x < 0.0 && part != 0.0) {
        // By reflection.
        const double ratio = 3.141592653589793 / sin(3.141592653589793 * part);
        const double slope =
            2.0 * cos(3.141592653589793 * part) * (ratio * ratio * ratio);
        return polygamma_of(2, 1.0 - x) - slope;
    }
    if (!(x > 0.0)) {
        return x != 0.0 ? NAN : n % 2 ? INFINITY : -INFINITY;
    }
    double factorial = 1.0;
    for (int k = 2; k <= n; k++) {
        factorial *= k;
    }
    double total = 0.0;
    // By recurrence to where the asymptotic series holds.
    while (x < n + 10.0) {
        total += factorial * pow(x, -(n + 1.0));
        x += 1.0;
    }
    const double power = pow(x, -n);
    total += factorial / n * power + 0.5 * factorial * power / x;
    // The terms are B(2k)*(2k + n - 1)!/(2k)!/x**(2k + n).
    static const double bernoulli[] = {
        1.0 / 6.0,
        -1.0 / 30.0,
        1.0 / 42.0,
        -1.0 / 30.0,
        5.0 / 66.0,
        -691.0 / 2730.0,
        7.0 / 6.0,
        -3617.0 / 510.0,
    };
    double term = factorial / n * power;
    for (int k = 1; k <= 8; k++) {
        term *= (2.0 * k + n - 1.0) / (2.0 * k * x);
        term *= (2.0 * k + n - 2.0) / ((2.0 * k - 1.0) * x);
        total += bernoulli[k - 1] * term;
    }
    return n % 2 ? total : -total;
}
