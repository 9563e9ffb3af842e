// Return log(mean(exp(x))).
static double logmeanexp_of(const double sum[3], size_t rows) {
    return logsumexp_of(sum) - log((double)rows);
}
