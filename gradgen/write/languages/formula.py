"""Formulas, as the parser reads them and as LaTeX shows them: their words for operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gradgen.core.rows import NAMED
from gradgen.write.language import (
    AND,
    ATOM,
    COMPARISON,
    CONDITIONAL,
    NOT,
    OPERATORS,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Language,
    Word,
    infix,
    is_negative,
    word,
)

_POWERS = ("powi", "powi of an expression", "powr", "expb", "pow")

#: Formulas as the parser reads them.
FORMULA = Language(
    "formula",
    {
        **OPERATORS,
        "inv": word("1 / {0}", PRODUCT, SIGN),
        "sqr": word("{0}**2", POWER, ATOM),
        **dict.fromkeys(_POWERS, word("{0}**{1}", POWER, ATOM, ATOM)),
        "mod": infix("%", PRODUCT),
        "and": infix("and", AND),
        "or": infix("or", OR),
        "not": word("not {0}", NOT, NOT),
        **dict.fromkeys(
            ("where", "then"),
            word("{1} if {0} else {2}", CONDITIONAL, OR, OR, CONDITIONAL),
        ),
        "else": word("{2} if {0} else {1}", CONDITIONAL, OR, CONDITIONAL, OR),
        "hypot3": word("hypot({0}, {1}, {2})"),
        "norm": word("sqrt({0})"),
        "normif": word("sqrt({0}) if {1} else 0", CONDITIONAL, CONDITIONAL, ATOM),
        "top": word("floor(max({0}, {1}))"),
        "expinf": word("exp({0})"),
        "radicand": word("sqrt({0})**2", POWER, CONDITIONAL),
        "each": word("{0}", ATOM, ATOM),
        "share": word("{0} / rows", PRODUCT, PRODUCT),
        "wsigmoid": word("1 / (1 + {0} * exp(-{1}))", PRODUCT, ATOM, ATOM),
    },
    {"pi": "pi", "e": "E", "nan": "nan", "inf": "inf", **{n: n for n in NAMED}},
    exact=True,
    calls=True,
)


def _tight(found: Word) -> Word:
    pieces = (p.replace(" ", "") if isinstance(p, str) else p for p in found.pieces)
    return replace(found, pieces=tuple(pieces))


#: The same without spaces.
TIGHT = replace(
    FORMULA,
    words={op: _tight(found) for op, found in FORMULA.words.items()},
    ratio=_tight(FORMULA.ratio),
    comma=",",
)


def _latex(text: str) -> Word:
    """Return the word of a function: its operands stand between brackets of their own."""
    return word(text.replace("(", r"\left(").replace(")", r"\right)"))


_LATEX_WORDS: Mapping[str, Word] = {
    **OPERATORS,
    "mul": word(r"{0} \cdot {1}", PRODUCT, PRODUCT, POWER),
    # A fraction needs brackets under an exponent alone.
    "div": word(r"\frac{{0}}{{1}}", POWER),
    "inv": word(r"\frac1{{0}}", POWER),
    "sqr": word("{0}^2", POWER, ATOM),
    **dict.fromkeys(_POWERS, word("{0}^{{1}}", POWER, ATOM, CONDITIONAL)),
    "sqrt": word(r"\sqrt{{0}}"),
    "norm": word(r"\sqrt{{0}}"),
    "cbrt": word(r"\sqrt[3]{{0}}"),
    "radicand": word(r"\sqrt{{0}}^2", POWER, CONDITIONAL),
    "wsigmoid": word(r"\frac1{1 + {0} e^{-{1}}}", POWER, ATOM, ATOM),
    "abs": word(r"\left|{{0}}\right|"),
    "floor": word(r"\left\lfloor{{0}}\right\rfloor"),
    "ceil": word(r"\left\lceil{{0}}\right\rceil"),
    "top": word(r"\left\lfloor\max\left({0}, {1}\right)\right\rfloor"),
    "exp2": word("2^{{0}}", POWER, CONDITIONAL),
    "mod": word(r"{0} \bmod {1}", SUM, POWER, POWER),
    **{
        name: word(rf"{{0}} {sign} {{1}}", COMPARISON, SUM, SUM)
        for name, sign in zip(
            ("le", "ge", "eq", "ne"), (r"\leq", r"\geq", "=", r"\neq")
        )
    },
    "and": infix(r"\wedge", AND),
    "or": infix(r"\vee", OR),
    "not": word(r"\neg {0}", NOT, ATOM),
    "where": word(
        r"\begin{cases} {1} & \text{if } {0} \\ {2} & \text{otherwise} \end{cases}",
        CONDITIONAL,
    ),
    "normif": word(
        r"\begin{cases} \sqrt{{0}} & \text{if } {1} \\ 0 & \text{otherwise} \end{cases}",
        CONDITIONAL,
        CONDITIONAL,
        ATOM,
    ),
    **{
        name: _latex(rf"\{name}({{0}})")
        for name in [
            "sin",
            "cos",
            "tan",
            "sec",
            "csc",
            "cot",
            "sinh",
            "cosh",
            "tanh",
            "exp",
        ]
    },
    **{name: _latex(rf"\{name}({{0}}, {{1}})") for name in ("max", "min")},
    **{
        name: _latex(rf"\operatorname{{{shown}}}({{0}})")
        for name, shown in (
            ("expm1", "expm1"),
            ("acot", "arccot"),
            ("trunc", "trunc"),
            ("round", "round"),
            ("sign", "sgn"),
            ("versin", "versin"),
        )
    },
    "atan2": _latex(r"\operatorname{atan2}({0}, {1})"),
    "hypot3": _latex(r"\operatorname{hypot}({0}, {1}, {2})"),
    **{
        name: _latex(text)
        for name, text in (
            ("log", r"\ln({0})"),
            ("log2", r"\log_2({0})"),
            ("log10", r"\log_{10}({0})"),
            ("asin", r"\arcsin({0})"),
            ("acos", r"\arccos({0})"),
            ("atan", r"\arctan({0})"),
            ("expinf", r"\exp({0})"),
            ("norm_cdf", r"\Phi({0})"),
            ("heaviside", r"\theta_{{1}}({0})"),
            ("sigmoid", r"\sigma({0})"),
            ("gamma", r"\Gamma({0})"),
            ("lgamma", r"\ln\Gamma({0})"),
            ("digamma", r"\psi({0})"),
            ("beta", r"\mathrm{B}({0}, {1})"),
            ("logbeta", r"\ln\mathrm{B}({0}, {1})"),
            ("lambertw", "W({0})"),
            ("zeta", r"\zeta({0})"),
            ("besselj", "J_{{0}}({1})"),
            ("bessely", "Y_{{0}}({1})"),
            ("besseli", "I_{{0}}({1})"),
            ("besselk", "K_{{0}}({1})"),
            ("gammainc", "P({0}, {1})"),
            ("gammaincc", "Q({0}, {1})"),
        )
    },
    # An exponent of theirs would be another one's.
    "trigamma": word(r"\psi^{(1)}\left({0}\right)", POWER, CONDITIONAL),
    "polygamma": word(r"\psi^{({0})}\left({1}\right)", POWER, CONDITIONAL, CONDITIONAL),
    **{
        f"{name}inv": word(
            rf"\operatorname{{{name}}}^{{-1}}\left({{0}}\right)", POWER, CONDITIONAL
        )
        for name in ("erf", "erfc")
    },
}


def upright(name: str) -> str:
    """Return a name as one upright word; a letter as it is."""
    if len(name) == 1:
        return name
    return rf"\mathrm{{{name}}}".replace("_", r"\_")


class _Latex(Language):
    def number(self, value: float) -> tuple[str, int]:
        """Return a double as 1.5 * 10**-7, and how strongly that binds."""
        mantissa, _, exponent = self.digits(value).partition("e")
        if not exponent:
            return mantissa, SIGN if is_negative(value) else ATOM
        power = rf"10^{{{int(exponent)}}}"
        if mantissa == "1":
            return power, POWER
        return rf"{mantissa} \cdot {power}", PRODUCT

    def call(self, name: str, arity: int) -> Word:
        """Return an upright name with operands between brackets."""
        places = ", ".join(f"{{{i}}}" for i in range(arity))
        return _latex(rf"\operatorname{{{name}}}({places})")


#: Formulas for reading.
LATEX = _Latex(
    "latex",
    _LATEX_WORDS,
    {
        "pi": r"\pi",
        "e": "e",
        "EulerGamma": r"\gamma",
        "GoldenRatio": r"\phi",
        "Catalan": "G",
    },
    exact=True,
    calls=True,
    ratio=word(r"\frac{{0}}{{1}}", POWER),
    brackets=(r"\left(", r"\right)"),
    named=upright,
)
