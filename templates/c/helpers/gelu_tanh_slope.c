// Return the derivative of x*sigmoid(z), z = sqrt(8/pi)*(x + 0.044715*x**3).
static double gelu_tanh_slope_of(double x) {
    if (fabs(x) > 40.0) {
        return x > 0.0 ? 1.0 : 0.0;
    }
    const double z = 1.5957691216057308 * (x + 0.044715 * x * x * x);
    const double slope = 1.5957691216057308 * (1.0 + 0.134145 * x * x);
    const double e = exp(-fabs(z));
    const double s = z > 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
    return s + x * e / ((1.0 + e) * (1.0 + e)) * slope;
}
