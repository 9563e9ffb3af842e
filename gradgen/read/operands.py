"""A number's text, or an operand, in; a node of the kind that is asked for out: a number or a condition."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import sympy as sp

from gradgen.errors import GradgenError
from gradgen.read.formula import FORMS

#: A published limit, far above real use.
MAX_DIGITS = 400
#: Those of a double.
_BITS = 53
#: What is said where one of these has no condition beside it.
IN_BRACKETS = {
    "&": "`&` joins conditions in brackets, as in `(x > 0) & (y < 1)`, or write `and`; here it",
    "|": "`|` joins conditions in brackets, as in `(x > 0) | (y < 1)`, or write `or`; here it",
    "~": "`~` stands before a condition in brackets, as in `~(x > 0)`, or write `not`; here it",
}


def number(text: str) -> sp.Expr:
    """Return a number as it is written.

    Raises:
        GradgenError: it has too many digits, or no double is so large or so small.
    """
    if len(text) > MAX_DIGITS:
        raise GradgenError(f"this number has {len(text)} characters; at most {MAX_DIGITS} are allowed")  # fmt: skip
    value = float(text)
    if math.isinf(value):
        raise GradgenError("this number is too large for a float (the largest is 1.8e308)")  # fmt: skip
    if value == 0.0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise GradgenError("this number is too small for a float (the smallest is 4.9e-324)")  # fmt: skip
    if text.isdecimal():
        return sp.Integer(int(text))
    return sp.Float(
        value, precision=_BITS
    )  # as SymPy takes it anyhow, in half again the time


def number_of(node: sp.Basic, columns: Mapping[sp.Basic, int]) -> sp.Expr:
    """Return an operand that must be a number.

    Raises:
        GradgenError: it is something else; at the column where it stands.
    """
    if isinstance(node, sp.Expr):
        return node
    why = "a comparison is not a number; choose by it, as in `a if x > 0 else b`"
    if isinstance(node, sp.Tuple):
        why = f"brackets with a comma are no number; only {', '.join(FORMS)} take them"
    raise GradgenError(why, column=columns.get(node, 0))


def condition_of(node: sp.Basic, what: str, column: int) -> sp.Basic:
    """Return an operand that must be a condition.

    Args:
        node: the operand.
        what: what needs it, in words.
        column: where that stands.

    Raises:
        GradgenError: it is something else.
    """
    if isinstance(node, (sp.Expr, sp.Tuple)):
        ends = "" if what in IN_BRACKETS.values() else " such as `x > 0`"
        raise GradgenError(f"{what} needs a condition{ends}", column=column)
    return node
