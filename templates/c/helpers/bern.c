// Return x/(exp(x) - 1), 1 at 0.
static double bern_of(double x) {
    if (x == 0.0) {
        return 1.0;
    }
    return x < 700.0 ? x / expm1(x) : x * exp(-x);
}
