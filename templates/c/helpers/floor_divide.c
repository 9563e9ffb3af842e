// Return floor(x/y) of the exact quotient; infinite at a pole, nan for 0/0.
static double floor_divide_of(double x, double y) {
    if (y == 0.0) {
        return x / y;
    }
    const double rest = fmod(x, y);
    const double ratio = (x - rest) / y;
    const int below = rest != 0.0 && (rest < 0.0) != (y < 0.0);
    // The ratio is whole but for its rounding.
    const double whole = rint(below ? ratio - 1.0 : ratio);
    return whole != 0.0 ? whole : copysign(0.0, x / y);
}
