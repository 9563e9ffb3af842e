// Return about the largest number of all rows: what cancels, and is finite.
static double largest_of(const double sum[3]) {
    return fmax(fmin(sum[2], 1.7976931348623157e308), -1.7976931348623157e308);
}
