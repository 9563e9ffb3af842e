/** Return exp(x**2)*erfc(x). */
function _erfcx(x) {
  if (x < 0.5) {
    // The square of the larger part is exact.
    const high = Math.floor(x * 1048576) / 1048576;
    const grown = Math.exp(high * high) * Math.exp((x - high) * (x + high));
    return x < -27 ? Infinity : grown * _erfc(x);
  }
  // The logarithm of (2 + x)*erfcx(x) is a smooth function of 1/(2 + x). Here it is a
  // polynomial, through Chebyshev's nodes for x >= 0.5.
  const sum = 2 + x;
  const y = 5 / sum - 1;
  let total = 0;
  for (const c of [
    -3.796063820617527e-12, -1.4471085095824404e-10, 3.139929117798225e-10,
    1.037072378716121e-9, -3.4233255393899357e-9, -1.3026757662660243e-9,
    1.87763543452204e-8, -2.1085169108233676e-8, -6.019543370871885e-8,
    1.862109320940805e-7, 5.950689090935241e-8, -9.70708608481551e-7,
    6.910441380925601e-7, 4.009190885606338e-6, -6.395851964277215e-6,
    -1.4770681226069618e-5, 3.887322458310672e-5, 5.453578844429378e-5,
    -0.00021131544959433242, -0.0002426619616434017, 0.0011597608924927337,
    0.0016209949307738687, -0.006975254683965918, -0.01836747380936133,
    0.04637608495282522, 0.5187684450161721, 0.02260626307751043,
  ]) {
    total = total * y + c;
  }
  const value = (0.875 / sum) * Math.exp(total);
  // What the sum rounds off, times the derivative.
  const lost = x - (sum - 2);
  return x < 1e9 ? value + lost * (2 * x * value - 1.1283791670955126) : value;
}
