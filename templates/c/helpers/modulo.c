// Return x - y*floor(x/y), which has the sign of y; nan where y = 0.
static double modulo_of(double x, double y) {
    const double rest = fmod(x, y);
    if (rest == 0.0) {
        return copysign(0.0, y);
    }
    return (rest < 0.0) != (y < 0.0) ? rest + y : rest;
}
