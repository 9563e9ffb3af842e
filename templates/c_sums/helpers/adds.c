// Add numbers to a sum, and what its rounding loses to its second part.
static void adds_of(double sum[3], const double each[], size_t count) {
    for (size_t at = 0; at < count; at++) {
        const double x = each[at], total = sum[0] + x;
        sum[1] += fabs(sum[0]) >= fabs(x) ? (sum[0] - total) + x : (x - total) + sum[0];
        sum[0] = total;
    }
}
