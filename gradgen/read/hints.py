"""What people type for something else, and what to tell them: data that the parser reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Characters that people type for something else, with what to write.
HINTS = {
    "^": "`^` is not a power here; write `**`",
    "|": "`|` has no meaning here; write `abs(x)` for an absolute value, `or` between conditions",
    "=": "`=` has no place in an expression; give the right-hand side alone (a comparison is `==`)",
    "!": "`!` has no meaning here; write `factorial(x)`, and `not` or `!=` in a condition",
    "&": "`&` stands between conditions in brackets, as in `(x > 0) & (y < 1)`; they are joined by `and` as well",
    ":": "`:` has no meaning here; a function is declared on a line of its own, as in `def f(x): return x**2`",
    ";": "`;` ends a statement `name = expression`; one expression alone may follow them",
    "[": "brackets are round here; write `(` and `)`",
    "]": "brackets are round here; write `(` and `)`",
    "{": "brackets are round here; write `(` and `)`",
    "}": "brackets are round here; write `(` and `)`",
    ".": "`.` has no meaning here; call a function by its bare name, as in `exp(x)`",
    "#": "comments are not part of an expression; leave `#` out",
    "−": "this is the typographic minus; write the ASCII `-`",
    "–": "this is a dash; write the ASCII `-`",
    "·": "write `*` for a product",
    "×": "write `*` for a product",
    "÷": "write `/` for a quotient",
    "‐": "this is a typographic hyphen; write the ASCII `-`",
    "‑": "this is a typographic hyphen; write the ASCII `-`",
    "“": "text in quotes is not a number; leave the quotation marks out",
    "”": "text in quotes is not a number; leave the quotation marks out",
    "?": "a choice is written `a if x > 0 else b`",
    "~": "`~` stands before a condition in brackets, as in `~(x > 0)`; `not` needs none",
    "$": "`$` has no meaning here; a name is made of letters, digits and underscores",
    "√": "write `sqrt(x)` for a square root",
    "≤": "write `<=` in a comparison",
    "≥": "write `>=` in a comparison",
    "≠": "write `!=` in a comparison",
    "∞": "infinity is not a number to compute with; only finite numbers are allowed",
}
PAIRS = {
    "=>": "`=>` is written `>=`",
    "=<": "`=<` is written `<=`",
    "<>": "`<>` is written `!=`",
    "&&": "conditions are joined by `and`",
    "||": "conditions are joined by `or`; an absolute value is `abs(x)`",
    ":=": "`:=` has no place in an expression; give the right-hand side alone",
}
#: Letters to Python, and nothing to the eye.
INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
#: Cyrillic and Greek letters that look like Latin ones.
LOOKS = str.maketrans(
    "аеорсухіјѕԁԛԝАВЕКМНОРСТХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "aeopcyxijsdqwABEKMHOPCTXIJSABEZHIKMNOPTYXo",
)
#: How Python code calls what a program calls by its bare name.
PREFIX = re.compile(r"(math|np|numpy)\.([^\W\d]\w*)")
#: What they hold that means in a formula what it means there. (numpy's sinc, for one, is another.)
_IN_BOTH = """
    sqrt exp expm1 exp2 log log2 log10 log1p sin cos tan sinh cosh tanh asin acos atan atan2 asinh acosh atanh
    cbrt fabs floor ceil hypot degrees radians pow pi
""".split()  # noqa: SIM905
KNOWN_IN: Mapping[str, frozenset[str]] = {
    "math": frozenset((*_IN_BOTH, *["erf", "erfc", "gamma", "lgamma"])),
    "numpy": frozenset((*_IN_BOTH, *"""
        arcsin arccos arctan arctan2 arcsinh arccosh arctanh power square abs absolute sign heaviside
        maximum minimum fmax fmin mod logaddexp where clip
        """.split())),  # noqa: SIM905
}  # fmt: skip
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ", "0123456789-n"))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789"))


def not_meant(module: str, name: str) -> str:
    """Return why `math.name` or `numpy.name` is not what a formula calls by that name; empty where it is."""
    if name in KNOWN_IN[module]:
        return ""
    instead = {
        "e": "write `E`",
        "tau": "write `2*pi`",
        "sinc": "numpy's sinc(x) is sin(pi*x)/(pi*x); write `sinc(pi*x)`",
        "max": "write `max(x, y)`, the larger of two",
        "min": "write `min(x, y)`, the smaller of two",
        "mod": "write `x % y`",
        "factorial": "write `gamma(n + 1)`",
        "comb": "write `binomial(n, k)`",
        **dict.fromkeys(
            ("isnan", "isinf", "isfinite"), "a formula's values are finite numbers"
        ),
    }
    if name in instead:
        return f"`{module}.{name}` is not read; {instead[name]}"
    return f"`{module}.{name}` is not read, nor is anything that means the same; write what it means as a formula"
