// Return (exp(x) - 1)/x, 1 at 0.
static double exprel_of(double x) {
    if (x > 709.78) {
        return INFINITY;
    }
    return x != 0.0 ? expm1(x) / x : 1.0;
}
