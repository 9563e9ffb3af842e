// Return sigmoid(a - b), right to its own last digits.
static double sigmoid_difference_of(double a, double b) {
    const double x = a - b;
    if (fabs(x) > 746.0) {
        return x > 0.0 ? 1.0 : 0.0;
    }
    // What the subtraction rounds off is put back.
    const double lost = a - (x + (a - x)) + (a - x - b);
    const double e = exp(-fabs(x));
    const double s = x > 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
    return s + s * (1.0 - s) * lost;
}
