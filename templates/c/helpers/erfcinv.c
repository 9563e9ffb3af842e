// Return x with erfc(x) = q, 0 < q < 2; infinite at 0 and 2.
static double erfcinv_of(double q) {
    if (!(q > 0.0 && q < 2.0)) {
        return q == 0.0 ? INFINITY : q == 2.0 ? -INFINITY : NAN;
    }
    if (q > 1.5) {
        return -erfcinv_tail_of(2.0 - q);
    }
    return q < 0.5 ? erfcinv_tail_of(q) : erfinv_of(1.0 - q);
}
