// Return -1, 0 or 1 by the sign of x; nan for nan.
static double sign_of(double x) {
    return x > 0.0 || x < 0.0 ? copysign(1.0, x) : x;
}
