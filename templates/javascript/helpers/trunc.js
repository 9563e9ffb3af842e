/** Return x without its fraction; 0, not -0. */
function _trunc(x) {
  return Math.trunc(x) + 0;
}
