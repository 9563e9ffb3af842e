/** Return the derivative of x/(exp(x) - 1). */
function _bern_slope(x) {
  if (x > 700) {
    return (1 - x) * Math.exp(-x);
  }
  if (Math.abs(x) > 0.5) {
    const n = 1 / Math.expm1(x);
    return x > 0 ? n - x * n * (1 + n) : n - x * n * n * Math.exp(x);
  }
  // Near 0, where that cancels, by its power series, whose coefficients are
  // Bernoulli's numbers.
  const square = x * x;
  let total = 0;
  for (const c of [
    -3617 / 666913927680000, 1 / 5337446400, -691 / 108972864000, 1 / 4790016,
    -1 / 151200, 1 / 5040, -1 / 180, 1 / 6,
  ]) {
    total = total * square + c;
  }
  return total * x - 0.5;
}
