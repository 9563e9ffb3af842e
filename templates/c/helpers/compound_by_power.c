// Return the derivative of ((1 + r)**n - 1)/r by n; nan where r is below -1.
static double compound_by_power_of(double r, double n) {
    if (r <= -1.0) {
        return r == -1.0 ? 0.0 : NAN;
    }
    const double ln = r != 0.0 ? log1p(r) / r : 1.0;
    return exp(n * log1p(r)) * ln;
}
