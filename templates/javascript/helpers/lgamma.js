/** Return log(abs(gamma(x))); infinite at its poles. */
function _lgamma(x) {
  if (x >= 10) {
    // Stirling's formula, Abramowitz and Stegun 6.1.41.
    const square = 1 / x / x;
    let series = 0;
    for (const c of [
      -3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260,
      -1 / 360, 1 / 12,
    ]) {
      series = series * square + c;
    }
    return (x - 0.5) * (Math.log(x) - 1) + (series / x + 0.4189385332046727);
  }
  if (x >= 1.5) {
    // By recurrence to 2 + part, and its power series, Abramowitz and Stegun 6.1.33.
    const part = x - Math.round(x);
    let grown = 1;
    for (let k = Math.round(x) - 2; k > 0; k--) {
      grown *= x - k;
    }
    let series = 0;
    for (const c of [
      -2.7595228851242334e-10, 5.731367241678862e-10, -1.1921401405860912e-9,
      2.4836745438024785e-9, -5.183475041970047e-9, 1.0838659214896955e-8,
      -2.2711094608943164e-8, 4.7698101693639804e-8, -1.0043224823968099e-7,
      2.1207184805554665e-7, -4.492469198764566e-7, 9.55141213040742e-7,
      -2.039215753801366e-6, 4.374866789907488e-6, -9.439488275268397e-6,
      2.050721277567069e-5, -4.492623673813314e-5, 9.945751278180853e-5,
      -0.00022315475845357939, 0.0005096695247430425, -0.001192753911703261,
      0.0028905103307415234, -0.007385551028673986, 0.020580808427784546,
      -0.0673523010531981, 0.3224670334241132, 0.42278433509846713,
    ]) {
      series = series * part + c;
    }
    return Math.log(grown) + part * series;
  }
  if (x >= 0.5) {
    return -Math.log1p((x - 1) * _gamma_rest(x - 1));
  }
  if (Math.abs(x) < 0.5) {
    return -Math.log(Math.abs(x)) - Math.log1p(x * _gamma_rest(x));
  }
  if (!(x > -Infinity)) {
    return -x;
  }
  // By reflection; the distance from the nearest pole is exact.
  const sine = Math.sin(Math.PI * (x - Math.round(x)));
  return Math.log(Math.abs(Math.PI / (x * sine))) - _lgamma(-x);
}
