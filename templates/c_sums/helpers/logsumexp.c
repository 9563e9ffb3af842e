// Return log(sum(exp(x))).
static double logsumexp_of(const double sum[3]) {
    return log(sum_of(sum)) + (isfinite(sum[2]) ? sum[2] : 0.0);
}
