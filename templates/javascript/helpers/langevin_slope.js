/** Return the derivative of 1/tanh(x) - 1/x, 1/x**2 - 1/sinh(x)**2. */
function _langevin_slope(x) {
  if (Math.abs(x) > 1.5) {
    const s = Math.sinh(Math.min(Math.abs(x), 700));
    return 1 / x / x - 1 / s / s;
  }
  if (Math.abs(x) < 1e-300) {
    return 1 / 3;
  }
  // Near 0, where that cancels, by the function's differential equation.
  const y = _langevin(x);
  return 1 - y * y - 2 * (y / x);
}
