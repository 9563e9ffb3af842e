// Return log(cosh(x)) without overflow, right to its own last digits near 0.
static double log_cosh_of(double x) {
    if (fabs(x) < 1.0) {
        const double half = sinh(0.5 * x);
        return log1p(2.0 * (half * half));
    }
    return fabs(x) + log1p(exp(-2.0 * fabs(x))) - 0.6931471805599453;
}
