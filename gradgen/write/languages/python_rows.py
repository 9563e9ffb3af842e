"""Python over rows of data: loops over lists, sums that are rounded once, and the form of both."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from gradgen.write.arrays.loops import APPENDS
from gradgen.write.arrays.shapes import COLUMN
from gradgen.write.language import ATOM, PRODUCT, word
from gradgen.write.languages.python import PYTHON, check

#: Of what makes one number of all rows, the function of a module that does; with --ieee, as NumPy's: what raised is infinite or nan.
_HELPERS = {
    "mean": "mean",
    "largest": "largest",
    "logsumexp": "log_sum_exp",
    "logmeanexp": "log_mean_exp",
    "quiet sum": "sum_anywhere",
    "quiet mean": "mean_anywhere",
    "quiet logsumexp": "log_sum_exp_anywhere",
    "quiet logmeanexp": "log_mean_exp_anywhere",
}
#: The same, with that of `sum`.
WHOLE = {"sum": "_sum", **{op: f"_{helper}" for op, helper in _HELPERS.items()}}
_WORDS = {
    "sum": word("math.fsum({0})"),
    "each": word("{0}", ATOM, ATOM),
    "share": word(f"{{0}} / len({COLUMN})", PRODUCT, PRODUCT),
    **{
        op: replace(word(f"_{helper}({{0}})"), helper=helper)
        for op, helper in _HELPERS.items()
    },
}


def _define(name: str, sign: str, text: str, again: bool) -> str:
    """Return an assignment, or what puts a value into a list."""
    return f"{name}({text})" if name.endswith(APPENDS) else f"{name} {sign} {text}"


ROWS = replace(
    PYTHON,
    folder="python_rows",
    borrows=("python", ()),
    language=replace(
        PYTHON.language,
        words={**PYTHON.language.words, **_WORDS},
        lacking="has no form over rows in Python",
    ),
    imports=(
        ("math", "import math"),
        ("", "from collections.abc import Sequence"),
        ("", "from typing import Any"),
    ),
    reserved=PYTHON.reserved
    | {"Sequence", "Any", "len", "zip", "_columns", "_every"}
    | {f"_{helper}" for helper in _HELPERS.values()},
    check=partial(check, loops=True),
    cache="cache: tuple[Any, ...]",
    define=_define,
    flat=True,
    lists=True,
)  # fmt: skip
