// Return the derivative of digamma.
static double trigamma_of(double x) {
    if (x > 0.0) {
        return polygamma_of(1, x);
    }
    // By reflection; the distance from the nearest pole is exact.
    const double part = x - floor(x + 0.5);
    if (part == 0.0) {
        return INFINITY;
    }
    const double ratio = 3.141592653589793 / sin(3.141592653589793 * part);
    return ratio * ratio - polygamma_of(1, 1.0 - x);
}
