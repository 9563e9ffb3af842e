// Return 0 below 0, 1 above; nan for nan.
static double heaviside_of(double x, double at_zero) {
    if (isnan(x)) {
        return x;
    }
    return x > 0.0 ? 1.0 : x == 0.0 ? at_zero : 0.0;
}
