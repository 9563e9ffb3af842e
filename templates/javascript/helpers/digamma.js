/** Return digamma(x), the slope of log(gamma(x)); NaN at poles other than 0. */
function _digamma(x) {
  let result = 0;
  if (x <= 0) {
    // The distance from the nearest pole is exact.
    const part = x - Math.floor(x + 0.5);
    if (part === 0) {
      return x === 0 ? -1 / x : NaN;
    }
    // digamma(x) = digamma(1 - x) - pi/tan(pi*x), a function of that distance.
    result = Math.abs(part) > 1e-9 ? -Math.PI / Math.tan(Math.PI * part) : -1 / part;
    x = 1 - x;
  }
  if (x >= 10) {
    // The asymptotic series.
    const square = x < 1e8 ? 1 / (x * x) : 0;
    let series = 0;
    for (const c of [
      -1 / 12, 691 / 32760, -1 / 132, 1 / 240, -1 / 252, 1 / 120, -1 / 12,
    ]) {
      series = (series + c) * square;
    }
    return result + (Math.log(x) - 0.5 / x + series);
  }
  // By recurrence to [1, 2], and a rational function there.
  if (x < 1) {
    result -= 1 / x;
    x += 1;
  }
  while (x > 2) {
    x -= 1;
    result += 1 / x;
  }
  // Its zero at 1.4616... in three parts keeps the relative error small.
  let shift = x - 1569415565 / 1073741824;
  shift -= 381566830 / 1073741824 / 1073741824;
  shift -= 9.016312093258696e-20;
  x -= 1;
  let above = 0;
  for (const p of [
    -0.0020713321167745952, -0.045251321448739056, -0.28919126444774784,
    -0.65031853770896507, -0.32555031186804491, 0.25479851061131551,
  ]) {
    above = above * x + p;
  }
  let below = 0;
  for (const q of [
    -0.55789841321675513e-6, 0.0021284987017821144, 0.054151797245674225,
    0.43593529692665969, 1.4606242909763515, 2.0767117023730469, 1,
  ]) {
    below = below * x + q;
  }
  return result + (shift * 0.99558162689208984 + shift * (above / below));
}
