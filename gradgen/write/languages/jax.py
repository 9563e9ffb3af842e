"""JAX: NumPy's words by JAX's names, with the functions that it has of SciPy's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gradgen.write.language import Word, calls, helped
from gradgen.write.languages.numpy import NUMPY, WORDS, renamed

#: NumPy's name, and JAX's.
_NAMES = (("np.", "jnp."),)
#: The functions of SciPy's that JAX lacks.
_LACKING = frozenset("erfi besselj bessely besseli besselk".split())  # noqa: SIM905


_WORDS: Mapping[str, Word] = {
    **{op: renamed(word, _NAMES) for op, word in WORDS.items() if op not in _LACKING},
    **calls("special.{name}({0})", "sigmoid:expit"),
    **helped("_{helper}({0})", "log_norm_cdf"),
}

JAX = replace(
    NUMPY,
    name="jax",
    folder="jax",
    language=replace(
        NUMPY.language, name="jax", words=_WORDS, lacking="has no form in JAX"
    ),
    imports=(
        ("math", "import math"),
        ("", "import jax"),
        ("", "import jax.numpy as jnp"),
        ("special", "from jax.scipy import special"),
        ("", "Array = jax.Array"),
    ),
    needs="jax",
    says="JAX's arrays",
    reserved=NUMPY.reserved | {"jax", "jnp", "_log_norm_cdf"},
    above="",
    borrows=("numpy", _NAMES),
)
TARGETS = (JAX,)
