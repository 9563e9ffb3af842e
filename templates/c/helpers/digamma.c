// Return digamma(x), the derivative of log(gamma(x)).
static double digamma_of(double x) {
    double result = 0.0;
    if (x <= 0.0) {
        // The distance from the nearest pole is exact.
        const double part = x - floor(x + 0.5);
        if (part == 0.0) {
            return x == 0.0 ? copysign(INFINITY, -x) : NAN;
        }
        // digamma(x) = digamma(1 - x) - pi/tan(pi*x), a function of that distance.
        result = -1.0 / part;
        if (fabs(part) > 1e-9) {
            result = -3.141592653589793 / tan(3.141592653589793 * part);
        }
        x = 1.0 - x;
    }
    if (x >= 10.0) {
        // The asymptotic series.
        const double square = x < 1e8 ? 1.0 / (x * x) : 0.0;
        double series = 0.0;
        static const double terms[] = {
            -1.0 / 12.0,
            691.0 / 32760.0,
            -1.0 / 132.0,
            1.0 / 240.0,
            -1.0 / 252.0,
            1.0 / 120.0,
            -1.0 / 12.0,
        };
        for (int k = 0; k < 7; k++) {
            series = (series + terms[k]) * square;
        }
        return result + (log(x) - 0.5 / x + series);
    }
    // By recurrence to [1, 2], and a rational function there.
    if (x < 1.0) {
        result -= 1.0 / x;
        x += 1.0;
    }
    while (x > 2.0) {
        x -= 1.0;
        result += 1.0 / x;
    }
    // Its zero at 1.4616... in three parts keeps the relative error small.
    double shift = x - 1569415565.0 / 1073741824.0;
    shift -= 381566830.0 / 1073741824.0 / 1073741824.0;
    shift -= 0.9016312093258695918615325266959189453125e-19;
    x -= 1.0;
    static const double numerator[] = {
        -0.0020713321167745952,
        -0.045251321448739056,
        -0.28919126444774784,
        -0.65031853770896507,
        -0.32555031186804491,
        0.25479851061131551,
    };
    static const double denominator[] = {
        -0.55789841321675513e-6,
        0.0021284987017821144,
        0.054151797245674225,
        0.43593529692665969,
        1.4606242909763515,
        2.0767117023730469,
        1.0,
    };
    double above = 0.0;
    for (int k = 0; k < 6; k++) {
        above = above * x + numerator[k];
    }
    double below = 0.0;
    for (int k = 0; k < 7; k++) {
        below = below * x + denominator[k];
    }
    return result + (shift * 0.99558162689208984 + shift * (above / below));
}
