// Return x with erf(x) = y, -1 < y < 1; infinite at -1 and 1.
static double erfinv_of(double y) {
    if (!(fabs(y) < 1.0)) {
        return fabs(y) == 1.0 ? copysign(INFINITY, y) : NAN;
    }
    if (fabs(y) > 0.5) {
        // There 1 - y is exact.
        return copysign(erfcinv_tail_of(1.0 - fabs(y)), y);
    }
    // Two terms of the series, then Halley's steps.
    const double half = 0.5 * sqrt(3.141592653589793);
    double x = half * y * (1.0 + 3.141592653589793 / 12.0 * y * y);
    for (int k = 0; k < 2; k++) {
        const double step = (erf(x) - y) * half * exp(x * x);
        x -= step / (1.0 + x * step);
    }
    return x;
}
