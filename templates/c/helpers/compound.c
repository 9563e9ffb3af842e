// Return ((1 + r)**n - 1)/r, n at r = 0.
static double compound_of(double r, double n) {
    if (r < -0.5) {
        return (pow(1.0 + r, n) - 1.0) / r;
    }
    // expm1(u)/r with u = n*log(1 + r), as a product of quotients that are 1 at 0.
    const double ln = r != 0.0 ? log1p(r) / r : 1.0;
    return n * ln * exprel_of(n * log1p(r));
}
