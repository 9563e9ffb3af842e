// Return the part that each of so many rows has.
static double share_of(double x, size_t rows) {
    return x / (double)rows;
}
