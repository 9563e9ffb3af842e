// Return x/sinh(x), 1 at 0.
static double xcsch_of(double x) {
    if (fabs(x) > 700.0) {
        return 2.0 * fabs(x) * exp(-fabs(x));
    }
    return x != 0.0 ? x / sinh(x) : 1.0;
}
