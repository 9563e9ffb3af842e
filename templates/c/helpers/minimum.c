// Return the smaller of two; nan if one is, unlike fmin.
static double minimum_of(double x, double y) {
    return x <= y || isnan(x) ? x : y;
}
