// Return the sum of k**-s over k = 1, 2, ..., for s > 1.
static double zeta_of(double s) {
    if (!(s > 1.0)) {
        return s == 1.0 ? INFINITY : NAN;
    }
    if (s > 60.0) {
        return 1.0 + pow(2.0, -s);
    }
    // Nine terms, and the formula of Euler and Maclaurin for the rest.
    const double last = pow(10.0, -s);
    double total = last / 2.0 + 10.0 * last / (s - 1.0);
    double term = last;
    static const double terms[] = {
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30240.0,
        -1.0 / 1209600.0,
        1.0 / 47900160.0,
        -691.0 / 1307674368000.0,
        1.0 / 74724249600.0,
        -3617.0 / 10670622842880000.0,
    };
    for (int k = 0; k < 8; k++) {
        term *= (s + 2.0 * k) / 10.0 * (k > 0 ? (s + 2.0 * k - 1.0) / 10.0 : 1.0);
        total += terms[k] * term;
    }
    for (int k = 9; k > 0; k--) {
        total += pow(k, -s);
    }
    return total;
}
