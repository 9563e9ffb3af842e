// Return 1/(1 + exp(-x)).
static double sigmoid_of(double x) {
    const double e = exp(x > -709.0 ? -x : x);
    return x > -709.0 ? 1.0 / (1.0 + e) : e;
}
