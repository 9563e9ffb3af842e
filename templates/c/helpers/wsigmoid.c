// Return 1/(1 + a*exp(-x)).
static double wsigmoid_of(double a, double x) {
    const double e = exp(x > -709.0 ? -x : x);
    return x > -709.0 ? 1.0 / (1.0 + a * e) : e / (e + a);
}
