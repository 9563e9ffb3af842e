// Return log(exp(a) + exp(b)), infinite operands included.
static double logaddexp_of(double a, double b) {
    if (a == b) {
        return a + 0.6931471805599453;
    }
    return maximum_of(a, b) + log1p(exp(-fabs(a - b)));
}
