"""Polars: its words for operations on expressions, and its form, functions from frames to frames, a level of columns after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from gradgen.write.check.frames import check
from gradgen.write.frames.helpers import Helpers
from gradgen.write.language import (
    AND,
    ATOM,
    COMPARISON,
    OPERATORS,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Language,
    Word,
    calls,
    helped,
    word,
)
from gradgen.write.languages.numpy import FIXED
from gradgen.write.languages.python import CONSTANTS, PYTHON
from gradgen.write.python.layout import black_python
from gradgen.write.target import Skeleton

#: Of any two operands: Polars has nan above all numbers, and equal to itself. `&` binds more than comparisons.
_COMPARED: Mapping[str, Word] = {
    "lt": word("({0} < {1}) & {1}.is_not_nan()", AND, SUM, ATOM),
    "le": word("({0} <= {1}) & {1}.is_not_nan()", AND, SUM, ATOM),
    "gt": word("({0} > {1}) & {0}.is_not_nan()", AND, ATOM, SUM),
    "ge": word("({0} >= {1}) & {0}.is_not_nan()", AND, ATOM, SUM),
    "eq": word("({0} == {1}) & {0}.is_not_nan()", AND, ATOM, SUM),
    "ne": word("({0} != {1}) | {0}.is_nan()", AND, ATOM, SUM),
    **{f"{op} a constant": OPERATORS[op] for op in ("lt", "le", "eq", "ne")},
    # A test of a constant is of one row, which Polars does not give to all.
    **{f"{op} of a constant": OPERATORS[op] for op in ("gt", "ge", "eq", "ne")},
}
_WORDS: Mapping[str, Word] = {
    **OPERATORS,
    "neg": word("-{0}", SIGN, ATOM),
    "inv": word("1.0 / {0}", PRODUCT, SIGN),
    "powi": word("{0}**{1:d}", POWER, ATOM, SIGN),
    "powi of an expression": word("{0} ** {1:d}", SIGN, ATOM, SIGN),
    **dict.fromkeys(("powr", "expb", "pow"), word("{0}.pow({1})", ATOM, ATOM, 0)),
    "and": word("{0} & {1}", AND, ATOM, ATOM),
    "or": word("{0} | {1}", AND, ATOM, ATOM),
    "not": word("~{0}", SIGN, ATOM),
    # What is called of a choice has it in brackets, so that its end is seen.
    "where": replace(
        word("pl.when({0}).then({1}).otherwise({2})", POWER), again=").when("
    ),
    "atan2": word("pl.arctan2({0}, {1})"),
    "exp2": word("pl.lit(2.0).pow({0})"),
    "isnan": word("{0}.is_nan()", ATOM, ATOM),
    "isinf": word("{0}.is_infinite()", ATOM, ATOM),
    "signbit": word("pl.arctan2({0}, pl.lit(-1.0)) < 0.0", COMPARISON, 0),
    **{
        op: replace(word_, needs=(ATOM,))
        for op, word_ in calls(
            "{0}.{name}()",
            "abs sign sqrt cbrt exp log log10 log1p sin cos tan asin:arcsin acos:arccos atan:arctan sinh cosh tanh "
            "asinh:arcsinh acosh:arccosh atanh:arctanh floor ceil",
        ).items()
    },
}
#: Of formulas that add rows up in their parts: what all rows share each has as well.
_SUMS: Mapping[str, Word] = {
    **{
        op: word(f"pl.when(col.taken).then({{0}}).{method}()", ATOM)
        for op, method in (("sum", "sum"), ("mean", "mean"), ("largest", "max"))
    },
    # Lines are of a size by these, and written in terms of the above.
    "logsumexp": word("_log_sum_exp({0})"),
    "logmeanexp": word("_log_mean_exp({0})"),
    "each": word("{0}", ATOM, ATOM),
    "share": word("{0} / col.taken.sum()", PRODUCT, PRODUCT),
}
#: What Polars has another function for than engines of SQL.
_BODIES = {
    "whole": """# The largest whole number up to x; nan where x is infinite, as in x // 1.
whole(x) = floor(x) + 0 * x""",
    # With as few copies of operands as can be: each is a part of the query's plan.
    "rem": """# x - y*trunc(x/y), exactly, with the sign of x; nan where the quotient has more than 52 bits.
rem(x, y) = nan if abs(x / y) >= 4503599627370496 else x if abs(x) < abs(y)
    else sign(x) * rem_near(abs(x), abs(y), floor(abs(x) / abs(y)))""",
    "rem_near": """# What rem gives for a quotient that rounding may have made one too large.
rem_near(x, y, q) = rem_of(x, y, q) + (y if rem_of(x, y, q) < 0 else 0)""",
    "modulo": """# x - y*floor(x/y), which has the sign of y; nan where y = 0.
modulo(x, y) = rem(x, y) + (y if sign(rem(x, y)) * sign(y) < 0 else 0)""",
    "floor_divide": """# floor(x/y) of the exact quotient; infinite at a pole, nan for 0/0.
floor_divide(x, y) = x / y if y == 0 else floor(0.5 + (x - rem(x, y)) / y - (1 if
    sign(rem(x, y)) * sign(y) < 0 else 0))""",
}
#: Of numbers alone: arithmetic, and functions of math, which lines may call.
_ARITHMETIC = {*OPERATORS, "inv", "powi"}
_FIXED = {op: w for op, w in FIXED.items() if op in _ARITHMETIC or str(w.pieces[0]).startswith("math.")}  # fmt: skip
_PLAIN = Language(
    "polars",
    _WORDS,
    CONSTANTS,
    lacking="has no form in Polars",
    fixed=_FIXED,
    boxed="pl.lit",
)
#: Bodies settle themselves what nan comes to.
_HELPERS = Helpers(_PLAIN, _BODIES)
_LANGUAGE = replace(
    _PLAIN,
    words={
        **_WORDS,
        **_COMPARED,
        **_HELPERS.words,
        **_SUMS,
        "floordiv by 1": helped("_{helper}({0})", "whole")["whole"],
        "expinf": _WORDS["exp"],
        "norm": _WORDS["sqrt"],
    },
)
#: What lines may call: functions of Polars's, and methods of its expressions.
_TEXTS = "".join(p for op, w in _LANGUAGE.words.items() if op not in _SUMS for p in (*w.pieces, w.again) if isinstance(p, str))  # fmt: skip
_CALLED = frozenset(re.findall(r"(?<!pl)\.(\w+)\(", _TEXTS)) | {"sum", "mean"}
_FUNCTIONS = frozenset(re.findall(r"\bpl\.(\w+)\(", _TEXTS))


def _check(text: str, skeleton: Skeleton) -> None:
    called = _CALLED.union(skeleton.signatures["whole"])
    check(text, skeleton, _FUNCTIONS, called)


POLARS = replace(
    PYTHON,
    name="polars",
    folder="polars",
    language=_LANGUAGE,
    imports=(
        ("math", "import math"),
        ("", "from typing import TypeVar"),
        ("", "import polars as pl"),
        ("", "from polars import col"),
        ("", "Frame = TypeVar('Frame', pl.DataFrame, pl.LazyFrame)"),
    ),
    needs="polars",
    says="Polars's frames",
    reserved=PYTHON.reserved
    | {"_inputs", "pl", "col", "Frame", "TypeVar", "frame", "self"}
    | {"taken", "rows", "left_out"}
    | {f"_{name}" for name in _HELPERS.names},
    layout=black_python,
    check=_check,
    formulas=frozenset(OPERATORS),
    define="{0}={2}".format,
    raises=False,
    flat=True,
    frames=True,
    called="col.{}".format,
    written=_HELPERS.texts,
)
TARGETS = (POLARS,)
