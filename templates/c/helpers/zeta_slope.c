// Return the derivative of the zeta function, for s > 1.
static double zeta_slope_of(double s) {
    if (!(s > 1.0)) {
        return s == 1.0 ? -INFINITY : NAN;
    }
    if (s > 60.0) {
        return -log(2.0) * pow(2.0, -s) - log(3.0) * pow(3.0, -s);
    }
    const double ln = log(10.0);
    // Nine terms, and the formula of Euler and Maclaurin for the rest.
    const double last = pow(10.0, -s);
    double total = last
        * (ln / 2.0 + 10.0 * (ln / (s - 1.0) + 1.0 / ((s - 1.0) * (s - 1.0))));
    double term = last;
    double slope = -ln;
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
        slope += 1.0 / (s + 2.0 * k) + (k > 0 ? 1.0 / (s + 2.0 * k - 1.0) : 0.0);
        total -= terms[k] * term * slope;
    }
    for (int k = 9; k > 1; k--) {
        total += log(k) * pow(k, -s);
    }
    return -total;
}
