// Return x with erfc(x) = q, 0 < q <= 0.5.
static double erfcinv_tail_of(double q) {
    // Winitzki's estimate, then Newton's steps on log(erfc(x)).
    const double ln = log(q) + log(2.0 - q);
    const double t = 2.0 / (3.141592653589793 * 0.147) + 0.5 * ln;
    double x = fmin(sqrt(sqrt(t * t - ln / 0.147) - t), 26.5);
    for (int k = 0; k < 4; k++) {
        const double tail = erfc(x);
        const double slope = 2.0 / sqrt(3.141592653589793) * exp(-x * x);
        x += log(tail / q) * (tail / slope);
    }
    return x;
}
