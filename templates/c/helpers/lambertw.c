// Return w >= -1 with w*exp(w) = x, for x >= -1/e.
static double lambertw_of(double x) {
    if (!(x >= -0.36787944117144233)) {
        return NAN;
    }
    if (x == 0.0 || x == INFINITY) {
        return x;
    }
    if (x < -0.2) {
        // Newton's steps for u = 1 + w: e*x + 1 is u*exp(u) - expm1(u). The branch
        // point lies between two doubles, so 1/e comes in two parts.
        const double above = 2.718281828459045
            * (x + 0.36787944117144233 - 1.2428753672788363e-17);
        const double p = sqrt(fmax(2.0 * above, 0.0));
        double u = p * (1.0 + p * (-1.0 / 3.0 + p * (11.0 / 72.0 - p * 43.0 / 540.0)));
        const int steps = u > 1e-5 ? 4 : 0;
        for (int k = 0; k < steps; k++) {
            const double grown = expm1(u);
            u -= (u * grown - (grown - u) - above) / (u * (grown + 1.0));
        }
        return u - 1.0;
    }
    double w;
    if (fabs(x) < 0.3) {
        w = x * (1.0 - x * (1.0 - 1.5 * x));
    } else if (x < 3.0) {
        w = 0.63 * log1p(1.05 * x);
    } else {
        const double ln = log(x);
        w = ln - log(ln) * (1.0 - 1.0 / ln);
    }
    // Fritsch's steps, from an estimate.
    for (int k = 0; k < 3; k++) {
        const double z = log(x / w) - w;
        const double q = 2.0 * (1.0 + w) * (1.0 + w + 2.0 / 3.0 * z);
        w *= 1.0 + z / (1.0 + w) * ((q - z) / (q - 2.0 * z));
    }
    return w;
}
