"""Formulas for reading, in MathML: their words for operations, names and numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from gradgen.write.language import (
    AND,
    ATOM,
    COMPARISON,
    CONDITIONAL,
    NOT,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Language,
    Word,
    word,
)

_OPEN, _CLOSE = "<mrow><mo>(</mo>", "<mo>)</mo></mrow>"
_APPLIED = "<mo>\N{FUNCTION APPLICATION}</mo>"
_BLANK = "\N{NO-BREAK SPACE}"
_POWER = "<msup><mrow>{0}</mrow><mrow>{1}</mrow></msup>"
_ROOT = "<msqrt>{0}</msqrt>"
#: Functions that readers know by another name than formulas call them.
_SHOWN = {
    "log": "ln",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "acot": "arccot",
    "asinh": "arsinh",
    "acosh": "arcosh",
    "atanh": "artanh",
    "sign": "sgn",
    "expinf": "exp",
    "norm_cdf": "\N{GREEK CAPITAL LETTER PHI}",
    "sigmoid": "\N{GREEK SMALL LETTER SIGMA}",
    "gamma": "\N{GREEK CAPITAL LETTER GAMMA}",
    "digamma": "\N{GREEK SMALL LETTER PSI}",
    "zeta": "\N{GREEK SMALL LETTER ZETA}",
    "beta": "\N{GREEK CAPITAL LETTER BETA}",
    "lambertw": "W",
    "hypot3": "hypot",
}


def _infix(sign: str, binds: int) -> Word:
    left, right = (SUM, SUM) if binds == COMPARISON else (binds, binds + 1)
    return word(f"{{0}}<mo>{sign}</mo>{{1}}", binds, left, right)


def _cases(one: str, test: str, other: str) -> str:
    """Return a choice: a case in each row."""
    rows = f"<mtr><mtd>{one}<mtext>{_BLANK}if{_BLANK}</mtext>{test}</mtd></mtr>"
    rows += f"<mtr><mtd>{other}<mtext>{_BLANK}otherwise</mtext></mtd></mtr>"
    return f'<mtable class="cases">{rows}</mtable>'


def _between(one: str, inside: str, other: str) -> str:
    return f"<mrow><mo>{one}</mo>{inside}<mo>{other}</mo></mrow>"


_WORDS: Mapping[str, Word] = {
    "copy": word("{0}", ATOM, ATOM),
    "add": _infix("+", SUM),
    "sub": _infix("\N{MINUS SIGN}", SUM),
    "mul": word("{0}<mo>\N{DOT OPERATOR}</mo>{1}", PRODUCT, PRODUCT, POWER),
    "div": word("<mfrac><mrow>{0}</mrow><mrow>{1}</mrow></mfrac>", POWER),
    "inv": word("<mfrac><mn>1</mn><mrow>{0}</mrow></mfrac>", POWER),
    "neg": word("<mo>\N{MINUS SIGN}</mo>{0}", SIGN, POWER),
    "sqr": word(_POWER.replace("{1}", "<mn>2</mn>"), POWER, ATOM),
    **{
        name: word(_POWER, POWER, ATOM, CONDITIONAL)
        for name in ("powi", "powi of an expression", "powr", "expb", "pow")
    },
    "exp2": word("<msup><mn>2</mn><mrow>{0}</mrow></msup>", POWER, CONDITIONAL),
    "sqrt": word(_ROOT),
    "norm": word(_ROOT),
    "cbrt": word("<mroot><mrow>{0}</mrow><mn>3</mn></mroot>"),
    "radicand": word(f"<msup>{_ROOT}<mn>2</mn></msup>", POWER, CONDITIONAL),
    "abs": word(_between("|", "{0}", "|")),
    "floor": word(_between("\N{LEFT FLOOR}", "{0}", "\N{RIGHT FLOOR}")),
    "ceil": word(_between("\N{LEFT CEILING}", "{0}", "\N{RIGHT CEILING}")),
    "mod": word("{0}<mo>mod</mo>{1}", SUM, POWER, POWER),
    **{
        name: _infix(sign, COMPARISON)
        for name, sign in (
            ("lt", "&lt;"),
            ("le", "\N{LESS-THAN OR EQUAL TO}"),
            ("gt", "&gt;"),
            ("ge", "\N{GREATER-THAN OR EQUAL TO}"),
            ("eq", "="),
            ("ne", "\N{NOT EQUAL TO}"),
        )
    },
    "and": _infix("\N{LOGICAL AND}", AND),
    "or": _infix("\N{LOGICAL OR}", OR),
    "not": word("<mo>\N{NOT SIGN}</mo>{0}", NOT, ATOM),
    "where": word(_cases("{1}", "{0}", "{2}"), CONDITIONAL),
    "normif": word(_cases(_ROOT, "{1}", "<mn>0</mn>"), CONDITIONAL, CONDITIONAL, ATOM),
    "wsigmoid": word(
        "<mfrac><mn>1</mn><mrow><mn>1</mn><mo>+</mo>{0}<msup><mi>e</mi><mrow><mo>\N{MINUS SIGN}</mo>{1}</mrow></msup></mrow></mfrac>",
        POWER,
        ATOM,
        ATOM,
    ),
}


def _greek(name: str) -> str:
    """Return a Greek letter by its name; another name as it is."""
    if not name.isascii():
        return name
    case = "CAPITAL" if name[:1].isupper() else "SMALL"
    letter = name.upper().replace("LAMBDA", "LAMDA")
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {letter}")
    except KeyError:
        return name


def symbol(name: str) -> str:
    """Return a name, with what is behind its underscore, or its last digits, as an index."""
    base, _, index = name.partition("_")
    if not (base and index):
        base = name.rstrip("0123456789")
        index = name[len(base) :]
    if not index or "_" in index:
        return f"<mi>{_greek(name)}</mi>"
    kind = "mn" if index.isdecimal() else "mi"
    return f"<msub><mi>{_greek(base)}</mi><{kind}>{_greek(index)}</{kind}></msub>"


def number(text: str) -> str:
    """Return digits, a negative number's behind a sign; what is markup already as it is."""
    if text.startswith("-"):
        return f"<mo>\N{MINUS SIGN}</mo>{number(text[1:])}"
    return text if text.startswith("<") else f"<mn>{text}</mn>"


@dataclass(frozen=True, eq=False)
class _MathML(Language):
    def number(self, value: float) -> tuple[str, int]:
        """Return a double as 1.5 * 10**-7, and how strongly that binds."""
        mantissa, _, exponent = self.digits(value).partition("e")
        binds = SIGN if mantissa.startswith("-") else ATOM
        if not exponent:
            return number(mantissa), binds
        power = f"<msup><mn>10</mn><mrow>{number(str(int(exponent)))}</mrow></msup>"
        if mantissa == "1":
            return power, POWER
        return f"{number(mantissa)}<mo>\N{DOT OPERATOR}</mo>{power}", PRODUCT

    def call(self, name: str, arity: int) -> Word:
        """Return a name with operands between brackets."""
        places = "<mo>,</mo>".join(f"{{{i}}}" for i in range(arity))
        shown = f"<mi>{_SHOWN.get(name, name)}</mi>"
        return word(f"<mrow>{shown}{_APPLIED}{_OPEN}{places}{_CLOSE}</mrow>")


MATHML = _MathML(
    "mathml",
    _WORDS,
    {
        "pi": "<mi>\N{GREEK SMALL LETTER PI}</mi>",
        "e": "<mi>e</mi>",
        "EulerGamma": "<mi>\N{GREEK SMALL LETTER GAMMA}</mi>",
        "GoldenRatio": "<mi>\N{GREEK SMALL LETTER PHI}</mi>",
        "Catalan": "<mi>G</mi>",
        "inf": "<mi>\N{INFINITY}</mi>",
        "nan": "<mi>nan</mi>",
        "True": "<mi>true</mi>",
        "False": "<mi>false</mi>",
    },
    exact=True,
    calls=True,
    ratio=word("<mfrac><mn>{0}</mn><mn>{1}</mn></mfrac>", POWER),
    brackets=(_OPEN, _CLOSE),
    named=symbol,
)
