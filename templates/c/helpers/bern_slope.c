// Return the derivative of x/(exp(x) - 1).
static double bern_slope_of(double x) {
    if (x > 700.0) {
        return (1.0 - x) * exp(-x);
    }
    if (fabs(x) > 0.5) {
        const double n = 1.0 / expm1(x);
        return x > 0.0 ? n - x * n * (1.0 + n) : n - x * n * n * exp(x);
    }
    // Near 0, where that cancels, by its power series, whose coefficients are
    // Bernoulli's numbers.
    const double square = x * x;
    double total = 0.0;
    static const double terms[] = {
        -3617.0 / 666913927680000.0,
        1.0 / 5337446400.0,
        -691.0 / 108972864000.0,
        1.0 / 4790016.0,
        -1.0 / 151200.0,
        1.0 / 5040.0,
        -1.0 / 180.0,
        1.0 / 6.0,
    };
    for (int k = 0; k < 8; k++) {
        total = total * square + terms[k];
    }
    return total * x - 0.5;
}
