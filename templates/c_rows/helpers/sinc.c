// Return sin(x)/x, 1 at 0.
static double sinc_of(double x) {
    const double ratio = sin(x) / x;
    return x != 0.0 ? ratio : 1.0;
}
