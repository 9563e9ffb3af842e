"""NumPy: its words for operations on arrays, with SciPy's for special functions, and its form, which is Python's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradgen.core.doubles import DOUBLES
from gradgen.write.arrays.shapes import COLUMN
from gradgen.write.language import (
    ATOM,
    OPERATORS,
    POWER,
    PRODUCT,
    SIGN,
    Language,
    Word,
    calls,
    helped,
    infix,
    word,
)
from gradgen.write.languages.python import CONSTANTS, PYTHON

WORDS: Mapping[str, Word] = {
    **OPERATORS,
    "neg": word("-{0}", SIGN, ATOM),
    "inv": word("1.0 / {0}", PRODUCT, SIGN),
    "powi": word("{0}**{1:d}", POWER, ATOM, SIGN),
    "powi of an expression": word("{0} ** {1:d}", SIGN, ATOM, SIGN),
    "mod": infix("%", PRODUCT),
    "floordiv": infix("//", PRODUCT),
    **calls("np.{name}({0})", "not:logical_not"),
    **calls(
        "np.{name}({0}, {1})",
        "and:logical_and or:logical_or powr:power expb:power pow:power hypot atan2:arctan2 copysign max:maximum "
        "min:minimum logaddexp heaviside",
    ),
    "where": word("np.where({0}, {1}, {2})"),
    **calls("np.{name}({0})", "sum mean"),
    # A third of the time of SciPy's expit, as accurate; what overflows there comes to 0.
    "sigmoid": word("1.0 / (1.0 + np.exp(-{0}))", PRODUCT, ATOM),
    "hypot3": word("np.hypot(np.hypot({0}, {1}), {2})"),
    **calls(
        "np.{name}({0})",
        "abs sign sqrt norm:sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin:arcsin acos:arccos "
        "atan:arctan sinh cosh tanh asinh:arcsinh acosh:arccosh atanh:arctanh floor ceil trunc round:rint",
    ),
    **calls(
        "special.{name}({0})",
        "erf erfc gamma erfinv norm_cdf:ndtr log_norm_cdf:log_ndtr erfi Ei:expi",
    ),
    **calls(
        "special.{name}({0}, {1})",
        "besselj:jv bessely:yv besseli:iv besselk:kv gammainc gammaincc",
    ),
    # Helpers, which the module carries. Of rows there are as many as a column has.
    **helped(f"_{{helper}}({{0}}, {COLUMN})", "each share"),
    **helped("_{helper}({0:d}, {1})", "polygamma"),
    **helped(
        "_{helper}({0})",
        "largest logsumexp:log_sum_exp logmeanexp:log_mean_exp logcosh:log_cosh logsoftplus:log_softplus logerfc:log_erfc bern gelu_tanh xcsch langevin lgamma digamma "
        "trigamma erfcinv lambertw zeta erfcx Si:sine_integral Ci:cosine_integral tanh_slope gauss exprel_slope bern_slope "
        "log1prel_slope sinhc_slope gelu_tanh_slope tanhc_slope atanc_slope xcot_slope xcsc_slope xcoth_slope "
        "xcsch_slope langevin_slope log_softplus_slope log_erfc_slope log_norm_cdf_slope sinc_slope zeta_slope "
        "erfcx_slope",
    ),
    **helped(
        "_{helper}({0}, {1})",
        "logbeta:log_beta experfc:exp_erfc beta compound sigmoid_difference compound_slope compound_by_power "
        "digamma_rise",
    ),
}
#: The functions that a module may have to carry, beside those that these call.
HELPERS = frozenset(f"_{word_.helper}" for word_ in WORDS.values()) - {"_"}
_CALLED = frozenset({"_exprel", "_log1prel", "_sinc", "_sinhc", "_gamma_rest"})
#: What brings the results of functions into shape.
_SHAPING = frozenset(
    {"_arrays", "_spread", "_like", "_rows", "_sum", "_mean", "_mean_like"}
    | {"_over_rows", "_number", "_shaped", "_table"}
)

#: Of constants: a number of NumPy's own would not take the precision of the arrays beside it.
FIXED: Mapping[str, Word] = {
    op: word_
    for op, word_ in PYTHON.language.words.items()
    if op in PYTHON.formulas and op in DOUBLES
}
_LANGUAGE = Language(
    "numpy",
    WORDS,
    CONSTANTS,
    lacking="has no form in NumPy and SciPy",
    fixed=FIXED,
)


def _parameter(name: str, default: float | None) -> str:
    given = "" if default is None else f" = {default!r}"
    return f"{name}: Array | float{given}"


def renamed(word: Word, names: Sequence[tuple[str, str]]) -> Word:
    """Return a word by another library's names, each beside NumPy's."""
    known = dict(names)
    pattern = re.compile("|".join(rf"\b{re.escape(name)}" for name in known))
    pieces = [
        piece if isinstance(piece, int) else pattern.sub(lambda m: known[m[0]], piece)
        for piece in word.pieces
    ]
    return replace(word, pieces=tuple(pieces))


NUMPY = replace(
    PYTHON,
    name="numpy",
    folder="numpy",
    language=_LANGUAGE,
    imports=(
        ("math", "import math"),
        ("", "from typing import Any"),
        ("", "import numpy as np"),
        ("", "from numpy.typing import NDArray"),
        ("special", "from scipy import special"),
        ("", "Array = NDArray[Any]"),
    ),
    needs="numpy, scipy",
    says="NumPy's arrays",
    reserved=PYTHON.reserved
    | HELPERS
    | _CALLED
    | _SHAPING
    | {"np", "special", "Array", "NDArray", "Any"},
    formulas=frozenset(OPERATORS),
    parameter=_parameter,
    cache="cache: tuple[Array, ...]",
    packed="cache: tuple[tuple[Array, ...], ...]",
    raises=False,
    number="Array",
    above='@np.errstate(all="ignore")',
    flat=True,
    arrays=True,
)
TARGETS = (NUMPY,)
