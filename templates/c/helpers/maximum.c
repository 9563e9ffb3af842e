// Return the larger of two; nan if one is, unlike fmax.
static double maximum_of(double x, double y) {
    return x >= y || isnan(x) ? x : y;
}
