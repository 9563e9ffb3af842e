/** Return w >= -1 with w*exp(w) = x, for x >= -1/e; NaN below. */
function _lambertw(x) {
  if (!(x >= -0.36787944117144233)) {
    return NaN;
  }
  if (x === 0 || x === Infinity) {
    return x;
  }
  if (x < -0.2) {
    // Newton's steps for u = 1 + w: e*x + 1 is u*exp(u) - expm1(u). The branch
    // point lies between two doubles, so 1/e comes in two parts.
    const above = Math.E * (x + 0.36787944117144233 - 1.2428753672788363e-17);
    const p = Math.sqrt(Math.max(2 * above, 0));
    let u = p * (1 + p * (-1 / 3 + p * (11 / 72 - (p * 43) / 540)));
    for (let k = 0; k < (u > 1e-5 ? 4 : 0); k++) {
      const grown = Math.expm1(u);
      u -= (u * grown - (grown - u) - above) / (u * (grown + 1));
    }
    return u - 1;
  }
  let w = 0;
  if (Math.abs(x) < 0.3) {
    w = x * (1 - x * (1 - 1.5 * x));
  } else if (x < 3) {
    w = 0.63 * Math.log1p(1.05 * x);
  } else {
    const log = Math.log(x);
    w = log - Math.log(log) * (1 - 1 / log);
  }
  // Fritsch's steps, from an estimate.
  for (let k = 0; k < 3; k++) {
    const z = Math.log(x / w) - w;
    const q = 2 * (1 + w) * (1 + w + (2 / 3) * z);
    w *= 1 + (z / (1 + w)) * ((q - z) / (q - 2 * z));
  }
  return w;
}
