"""Python: its words for operations, alone and with SciPy's special functions, its reserved names and its form."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradgen.core.rows import NAMED
from gradgen.core.table import ROWS
from gradgen.reserved import BUILTINS, NAMES
from gradgen.write.language import (
    AND,
    ATOM,
    CONDITIONAL,
    NOT,
    OPERATORS,
    OR,
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
from gradgen.write.python.layout import black_python, layout_python
from gradgen.write.python.skeleton import check_skeleton
from gradgen.write.target import Skeleton, Target

WORDS: Mapping[str, Word] = {
    **OPERATORS,
    # Black wants -(x**3) in brackets.
    "neg": word("-{0}", SIGN, ATOM),
    "inv": word("1.0 / {0}", PRODUCT, SIGN),
    "powi": word("{0}**{1:d}", POWER, ATOM, SIGN),
    # Black's form; and it wants -((a + b) ** 3) in brackets.
    "powi of an expression": word("{0} ** {1:d}", SIGN, ATOM, SIGN),
    **dict.fromkeys(("powr", "expb", "pow"), word("math.pow({0}, {1})")),
    "mod": infix("%", PRODUCT),
    "floordiv": infix("//", PRODUCT),
    "and": infix("and", AND),
    "or": infix("or", OR),
    "not": word("not {0}", NOT, NOT),
    "where": replace(
        word("{1} if {0} else {2}", CONDITIONAL, OR, OR, CONDITIONAL), apart=(1, 2)
    ),
    "hypot3": word("math.hypot({0}, {1}, {2})"),
    "norm": word("math.sqrt({0})"),
    "round": word("float(round({0}))"),
    "abs": word("abs({0})"),
    "max": word("max({0}, {1})"),
    "min": word("min({0}, {1})"),
    **calls("math.{name}({0}, {1})", "hypot atan2 copysign"),
    **calls("float(math.{name}({0}))", "floor ceil trunc"),
    **calls(
        "math.{name}({0})",
        "sqrt exp expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
        "erf erfc gamma lgamma",
    ),
    # Helpers, which the module carries.
    **helped("_{helper}({0:d}, {1})", "polygamma"),
    **helped(
        "_{helper}({0})",
        "logcosh:log_cosh logsoftplus:log_softplus logerfc:log_erfc cbrt bern gelu_tanh xcsch langevin log_norm_cdf "
        "digamma trigamma erfinv erfcinv lambertw zeta erfcx tanh_slope gauss exprel_slope bern_slope log1prel_slope "
        "sinhc_slope gelu_tanh_slope tanhc_slope atanc_slope xcot_slope xcsc_slope xcoth_slope xcsch_slope "
        "langevin_slope log_softplus_slope log_erfc_slope log_norm_cdf_slope sinc_slope zeta_slope erfcx_slope",
    ),
    **helped(
        "_{helper}({0}, {1})",
        "logbeta:log_beta experfc:exp_erfc beta compound sigmoid_difference compound_slope compound_by_power digamma_rise",
    ),
}
_POWER = helped("_{helper}({0}, {1})", "pow:power")["pow"]
_ANYWHERE = "{}_anywhere"
#: The same for `--ieee`: helpers that give inf and nan where the functions of `math`, and divisions, raise.
QUIET_WORDS: Mapping[str, Word] = {
    f"quiet {name}": word_
    for name, word_ in {
        **helped(
            "_{helper}({0})",
            "exp expm1 log log2 log10 log1p sqrt gamma lgamma sin cos tan asin acos acosh atanh sinh cosh "
            "floor ceil trunc round sign norm:sqrt",
        ),
        **helped(
            "_{helper}({0}, {1})",
            "div:divide floordiv:floor_divide mod:modulo max:maximum min:minimum heaviside logaddexp powi:power "
            "powr:power expb:power pow:power",
        ),
        "powi of an expression": _POWER,
        **helped("_{helper}({0:d}, {1})", "polygamma", _ANYWHERE),
        **helped(
            "_{helper}({0})",
            "logerfc:log_erfc digamma trigamma erfinv erfcinv gauss lambertw sinc_slope zeta zeta_slope exprel_slope "
            "log1prel_slope sinhc_slope xcot_slope xcsc_slope log_erfc_slope log_norm_cdf log_norm_cdf_slope erfcx "
            "erfcx_slope",
            _ANYWHERE,
        ),
        **helped(
            "_{helper}({0}, {1})",
            "logbeta:log_beta experfc:exp_erfc digamma_rise beta compound compound_slope compound_by_power",
            _ANYWHERE,
        ),
    }.items()
}
CONSTANTS = {
    "pi": "math.pi",
    "e": "math.e",
    "nan": "math.nan",
    "inf": "math.inf",
    **{name: repr(value) for name, value in NAMED.items()},
}

#: What is written out where it is seldom.
_OFTEN = helped("_{helper}({0})", "sigmoid")
#: The functions that a module may have to carry.
HELPERS = frozenset(
    f"_{word_.helper}"
    for words in (WORDS, QUIET_WORDS, _OFTEN)
    for word_ in words.values()
) - {"_"} | {"_exprel"}

_PLAIN = Language(
    "python",
    {**WORDS, **QUIET_WORDS},
    CONSTANTS,
    lacking="needs SciPy's special functions; compile with --target scipy",
    often=_OFTEN,
)

#: SciPy's special functions: by operation, the name there and, where it returns several, which.
SPECIAL: Mapping[str, tuple[str, int | None]] = {
    **{f"bessel{kind}": (f"{kind}v", None) for kind in "jyik"},
    **{name: (name, None) for name in ("gammainc", "gammaincc", "erfi", "erfcx")},
    "quiet erfcx": ("erfcx", None),
    "Ei": ("expi", None),
    "Si": ("sici", 0),
    "Ci": ("sici", 1),
}


def _special(op: str) -> Word:
    row, (name, place) = ROWS[op.removeprefix("quiet ")], SPECIAL[op]
    args = [f"{{{i}:d}}" if i in row.whole else f"{{{i}}}" for i in range(row.arity)]
    which = "" if place is None else f"[{place}]"
    return word(f"float(special.{name}({', '.join(args)}){which})")


#: The same with them, for what the standard library lacks.
_SCIPY = replace(
    _PLAIN,
    name="scipy",
    words={**_PLAIN.words, **{op: _special(op) for op in SPECIAL}},
)


def check(text: str, skeleton: Skeleton, loops: bool = False) -> None:
    """Prove that a module is no more than one may be; with loops over lists, if it may have them."""
    check_skeleton(
        text,
        skeleton.imports,
        skeleton.helpers,
        {
            # As Python writes the parameters of a function that it has read.
            name: ", ".join(parameters).replace(" = ", "=")
            for name, parameters in skeleton.signatures.items()
        },
        skeleton.own,
        skeleton.constants,
        skeleton.above,
        loops,
    )


def _noqa(
    params: Sequence[str], local: Sequence[str], constants: Sequence[str]
) -> tuple[str, ...]:
    codes = {
        "A001": not BUILTINS.isdisjoint(local),
        "A002": not BUILTINS.isdisjoint(params),
        "E741": not {"l", "O", "I"}.isdisjoint((*params, *local, *constants)),
        "N803": _has_capital("".join(params)),
        "N806": _has_capital("".join(local)),
        "N816": any(_has_capital(n) and not n.isupper() for n in constants),
    }
    found = [code for code, needed in codes.items() if needed]
    # RUF100 would complain where one of these rules is not even switched on.
    return (*found, "RUF100") if found else ()


def _has_capital(name: str) -> bool:
    if name.isascii():
        return not name.islower() and name.lower() != name
    return any(char.isalpha() and not char.islower() for char in name)


PYTHON = Target(
    name="python",
    folder="python",
    language=_PLAIN,
    imports=(("math", "import math"),),
    needs="",
    says="the standard library alone",
    reserved=NAMES | HELPERS,
    avoided=frozenset(keyword.kwlist) | BUILTINS,
    layout=layout_python,
    layout_any=black_python,
    check=check,
    formulas=frozenset(op for op, word_ in WORDS.items() if not word_.helper),
    noqa=_noqa,
)
SCIPY = replace(
    PYTHON,
    name="scipy",
    language=_SCIPY,
    imports=(*PYTHON.imports, ("special", "from scipy import special")),
    needs="scipy",
    says="Python with SciPy",
    reserved=PYTHON.reserved | {"special"},
)
TARGETS = (PYTHON, SCIPY)
