// Return x/sin(x), 1 at 0.
static double xcsc_of(double x) {
    const double ratio = x / sin(x);
    return x != 0.0 ? ratio : 1.0;
}
