// Add exp(x - m) to the first two parts of a sum, where the third, m, is the largest x so far.
static void raises_of(double sum[3], const double each[], size_t count) {
    double largest = sum[2];
    for (size_t at = 0; at < count; at++) {
        largest = each[at] > largest || isnan(each[at]) ? each[at] : largest;
    }
    if (largest > sum[2] && sum[0] > 0.0) {
        const double factor = exp(sum[2] - largest);
        sum[0] *= factor;
        sum[1] *= factor;
    }
    sum[2] = largest;
    for (size_t at = 0; at < count; at++) {
        const double x = exp(each[at] - (isfinite(largest) ? largest : 0.0));
        adds_of(sum, &x, 1);
    }
}
