// Make the third part of a sum the largest number so far.
static void tops_of(double sum[3], const double each[], size_t count) {
    for (size_t at = 0; at < count; at++) {
        sum[2] = each[at] > sum[2] || isnan(each[at]) ? each[at] : sum[2];
    }
}
