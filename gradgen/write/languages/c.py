"""C: its words for operations, its reserved names, and its form."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradgen.core.rows import NAMED
from gradgen.write.check.c import check
from gradgen.write.language import (
    AND,
    ATOM,
    CONDITIONAL,
    NOT,
    OPERATORS,
    OR,
    PRODUCT,
    SIGN,
    Language,
    Word,
    calls,
    word,
)
from gradgen.write.target import C_BLOCKS, Target


def _joined(sign: str, binds: int) -> Word:
    """Return the word of `&&` or `||`: compilers warn where one stands in the other without brackets."""
    return replace(word(f"{{0}} {sign} {{1}}", binds, NOT, NOT), chains=True)


WORDS: Mapping[str, Word] = {
    **OPERATORS,
    "inv": word("1.0 / {0}", PRODUCT, SIGN),
    **dict.fromkeys(
        ("powi", "powi of an expression", "powr", "expb", "pow"),
        word("pow({0}, {1})"),
    ),
    "and": _joined("&&", AND),
    "or": _joined("||", OR),
    "not": word("!{0}", NOT, ATOM),
    "where": word("{0} ? {1} : {2}", CONDITIONAL, OR, OR, CONDITIONAL),
    "hypot3": word("hypot(hypot({0}, {1}), {2})"),
    "norm": word("sqrt({0})"),
    "round": word("rint({0})"),
    "abs": word("fabs({0})"),
    "gamma": word("tgamma({0})"),
    **calls("{name}({0}, {1})", "hypot atan2 copysign"),
    **calls(
        "{name}({0})",
        "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
        "erf erfc lgamma floor ceil trunc",
    ),
    # Helpers, which the module carries.
    "mod": word("modulo_of({0}, {1})"),
    "floordiv": word("floor_divide_of({0}, {1})"),
    "max": word("maximum_of({0}, {1})"),
    "min": word("minimum_of({0}, {1})"),
    "polygamma": word("polygamma_of({0:d}, {1})"),
    "logcosh": word("log_cosh_of({0})"),
    "logsoftplus": word("log_softplus_of({0})"),
    "logerfc": word("log_erfc_of({0})"),
    "logbeta": word("log_beta_of({0}, {1})"),
    "experfc": word("exp_erfc_of({0}, {1})"),
    **calls(
        "{name}_of({0})",
        "sign bern gelu_tanh xcsch langevin log_norm_cdf digamma trigamma erfinv erfcinv lambertw zeta erfcx "
        "tanh_slope gauss exprel_slope bern_slope log1prel_slope sinhc_slope gelu_tanh_slope tanhc_slope atanc_slope "
        "xcot_slope xcsc_slope xcoth_slope xcsch_slope langevin_slope log_softplus_slope log_erfc_slope "
        "log_norm_cdf_slope sinc_slope zeta_slope erfcx_slope",
    ),
    **calls(
        "{name}_of({0}, {1})",
        "heaviside logaddexp beta compound sigmoid_difference compound_slope compound_by_power digamma_rise",
    ),
}
CONSTANTS = {
    "pi": "3.141592653589793",
    "e": "2.718281828459045",
    "nan": "NAN",
    "inf": "INFINITY",
    "True": "1",
    "False": "0",
    **{name: repr(value) for name, value in NAMED.items()},
}
#: What a line may call.
CALLED = frozenset(
    name
    for word_ in WORDS.values()
    for piece in word_.pieces
    if isinstance(piece, str)
    for name in re.findall(r"(\w+)\(", piece)
)

#: The keywords of all standards of C, and names that compilers define as macros where no standard is asked for.
_KEYWORDS = frozenset("""
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    alignas alignof bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual asm fortran
    linux unix i386 _Bool _Complex _Imaginary _Alignas _Alignof _Atomic _Generic _Noreturn _Static_assert _Thread_local
    """.split())  # noqa: SIM905 - a list of words reads better as words
#: What <math.h> declares and defines.
_MATH = frozenset("""
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim floor fma
    fmax fmin fmod frexp hypot ilogb ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf nan
    nearbyint nextafter nexttoward pow remainder remquo rint round scalbln scalbn sin sinh sqrt tan tanh tgamma trunc
    fpclassify isfinite isgreater isgreaterequal isinf isless islessequal islessgreater isnan isnormal isunordered
    signbit float_t double_t math_errhandling
    gamma j0 j1 jn y0 y1 yn signgam drem finite exp10 pow10 scalb significand
    HUGE_VAL HUGE_VALF HUGE_VALL INFINITY NAN FP_FAST_FMA FP_FAST_FMAF FP_FAST_FMAL FP_ILOGB0 FP_ILOGBNAN FP_INFINITE
    FP_NAN FP_NORMAL FP_SUBNORMAL FP_ZERO MATH_ERRNO MATH_ERREXCEPT MAXFLOAT DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS
    M_E M_LOG2E M_LOG10E M_LN2 M_LN10 M_PI M_PI_2 M_PI_4 M_1_PI M_2_PI M_2_SQRTPI M_SQRT2 M_SQRT1_2
    """.split())  # noqa: SIM905
_NAMES = frozenset(
    "forward backward jacobian value_and_grad cache gradient rows".split()  # noqa: SIM905
)


def _define(name: str, sign: str, value: str, changes: bool) -> str:
    if sign != "=":
        return f"{name} {sign} {value};"
    return f"{'' if changes else 'const '}double {name} = {value};"


# The layout: long lines are broken where they are least nested, and before what binds least.

_WIDTH = 92
#: What an expression is broken before, that which binds least first; anything else stands behind a comma.
_LATER = ("?:", "|", "&", "<>=!", "+-", "*/")
_ASSIGNS = re.compile(r" [-+]?= ")
_BREAK = re.compile(r"(?<=[,({]) ?(?=\S)| (?=[-+*/?:<>=!&|]+ )")


def _given(outputs: Sequence[str], results: Sequence[str], cached: bool) -> str:
    """Return what `forward` sets, in words."""
    also = ", and the cache that backward needs" if cached else ""
    return f"Set {', '.join(results)} to {', '.join(outputs)}{also}."


def _rank(sign: str) -> int:
    """Return how late a line is broken before a sign: what binds least comes first."""
    return next((n for n, signs in enumerate(_LATER, 1) if sign in signs), 0)


def _layout(text: str) -> str:
    return "\n".join(_broken(line) for line in text.splitlines()).rstrip("\n") + "\n"


def _broken(line: str) -> str:
    """Return a line, in several where it is too long."""
    code, mark, comment = line.partition("  // ")
    if len(code) <= _WIDTH or code.lstrip().startswith("//"):
        return line
    # A signature's second line is told from the function's first.
    indent = " " * (8 if code[0] != " " else len(code) - len(code.lstrip()) + 4)
    depths: list[int] = []
    depth = 0
    for char in code:
        depths.append(depth)
        depth += (char in "([") - (char in ")]")
    places = [m.start() for m in _BREAK.finditer(code) if code[m.start()] == " "]
    # An assignment's sign stays with its name.
    equals = _ASSIGNS.search(code)
    least = max(len(code) - len(code.lstrip()) + 1, equals.end() if equals else 0)
    found: list[str] = []
    begin = margin = 0
    while len(code) - begin + margin > _WIDTH:
        most = begin + _WIDTH - margin
        near = places[bisect_right(places, least) : bisect_right(places, most)]
        if not near:
            break
        best = min(near, key=lambda at: (depths[at], _rank(code[at + 1]), -at))
        found.append(code[begin:best])
        begin, margin = best + 1, len(indent)
        least = begin + 1
    found.append(code[begin:])
    return f"\n{indent}".join(found) + mark + comment


C = Target(
    name="c",
    folder="c",
    language=Language(
        "c",
        WORDS,
        CONSTANTS,
        lacking="needs SciPy's special functions, which C has not; compile with --target scipy",
        often={"sigmoid": word("sigmoid_of({0})")},
    ),
    imports=(),
    needs="",
    says="C99",
    reserved=_NAMES | _KEYWORDS | _MATH,
    avoided=frozenset(),
    layout=_layout,
    layout_any=_layout,
    check=lambda text, skeleton: check(text, skeleton, CALLED),
    suffix=".c",
    comment="//",
    helper="{}_of",
    callees_first=True,
    define=_define,
    constant="static const double {} = {};",
    blocks=C_BLOCKS,
    parameter=lambda name, default: f"double {name}",
    cache="const double cache[]",
    gives=_given,
    returns="Set {} to",
    listed=lambda parts: f"{{{', '.join(parts)}}}",
    quoted=lambda words: words,
    raises=False,
)
TARGETS = (C,)
