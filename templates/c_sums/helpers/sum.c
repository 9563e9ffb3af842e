// Return a sum with what its rounding has lost.
static double sum_of(const double sum[3]) {
    return isfinite(sum[0]) ? sum[0] + sum[1] : sum[0];
}
