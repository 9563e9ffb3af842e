// Return x*sigmoid(z), z = sqrt(8/pi)*(x + 0.044715*x**3).
static double gelu_tanh_of(double x) {
    const double z = 1.5957691216057308 * (x + 0.044715 * x * x * x);
    return z > -709.0 ? x / (1.0 + exp(-z)) : x * exp(z);
}
