// Return the derivative of log(erfc(x)), -2/sqrt(pi)*exp(-x**2)/erfc(x).
static double log_erfc_slope_of(double x) {
    if (x < -20.0) {
        return -0.5641895835477563 * exp(-x * x);
    }
    return -1.1283791670955126 / erfcx_of(x);
}
