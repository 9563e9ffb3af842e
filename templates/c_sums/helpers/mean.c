// Return a sum over so many rows divided by their number.
static double mean_of(const double sum[3], size_t rows) {
    return sum_of(sum) / (double)rows;
}
