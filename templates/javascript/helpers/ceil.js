/** Return ceil(x); 0, not -0. */
function _ceil(x) {
  return Math.ceil(x) + 0;
}
