// Return digamma(a + b) - digamma(a), for a > 0 and a + b > 0.
static double digamma_rise_of(double a, double b) {
    if (!(a > 0.0 && a + b > 0.0)) {
        return NAN;
    }
    if (b < 0.0) {
        return -digamma_rise_of(a + b, -b);
    }
    // By recurrence to where the asymptotic series holds; nothing cancels.
    double total = 0.0;
    while (a < 10.0) {
        total += b / (a + b) / a;
        a += 1.0;
    }
    const double c = a + b;
    const double near = 1.0 / a / a;
    const double far = 1.0 / c / c;
    const double step = b / a / c * (1.0 / a + 1.0 / c);
    // The terms are B(2k)/(2k)*(a**(-2k) - c**(-2k)).
    double term = step;
    double power = 1.0;
    static const double factors[] = {
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    };
    for (int k = 0; k < 8; k++) {
        total += factors[k] * term;
        power *= far;
        term = near * term + power * step;
    }
    return total + 0.5 * b / a / c + log1p(b / a);
}
