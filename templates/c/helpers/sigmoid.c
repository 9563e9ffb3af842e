// Return 1/(1 + exp(-x)).
static double sigmoid_of(double x) {
    return x > -709.0 ? 1.0 / (1.0 + exp(-x)) : exp(x);
}
