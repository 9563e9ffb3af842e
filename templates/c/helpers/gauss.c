// Return exp(-x**2), right to its own last digits.
static double gauss_of(double x) {
    if (fabs(x) > 28.0) {
        return 0.0;
    }
    // The square of the larger part is exact.
    const double high = floor(x * 64.0) / 64.0;
    return exp(-high * high) * exp(-(x - high) * (x + high));
}
