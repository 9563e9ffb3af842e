"""A program in; the signs that each of its values may have out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradgen.ir import Const, Operand, Program, Ref, Step, evaluate

#: Operations whose values are never negative, in double precision where they may come to 0.
_NOT_NEGATIVE = ("sqr", "abs", "exp", "exp2", "hypot", "hypot3", "sigmoid", "softplus", "radicand", "relu", "norm_cdf")  # fmt: skip
_ANY_SIGN = "-0+"


def signs(program: Program) -> list[str]:
    """Return the signs that each value may have, as far as that follows from how it is made: some of `-0+`."""
    found = [_ANY_SIGN] * len(program.inputs)
    for step in program.steps:
        args = [
            found[arg.index] if isinstance(arg, Ref) else _sign(number_of(arg))
            for arg in step.args
        ]
        found.append(_signs_of(step, args))
    return found


def _signs_of(step: Step, args: Sequence[str]) -> str:
    if step.op in _NOT_NEGATIVE:
        return "0+"
    if step.op == "powi" and number_of(step.args[1]) % 2 == 0:
        return "0+"
    if step.op == "powi" and number_of(step.args[1]) < 0:
        return args[0]
    if step.op == "cosh":
        return "+"
    if step.op == "sqrt":
        return "+" if args[0] == "+" else "0+"
    if step.op in ("copy", "inv"):
        return args[0]
    if step.op == "neg":
        return _opposite(args[0])
    if step.op == "where":
        return "".join(sign for sign in _ANY_SIGN if sign in args[1] + args[2])
    if step.op in ("add", "sub"):
        one, other = args[0], args[1] if step.op == "add" else _opposite(args[1])
        sums = {a if b in (a, "0") else b if a == "0" else _ANY_SIGN for a in one for b in other}  # fmt: skip
        return "".join(sign for sign in _ANY_SIGN if sign in "".join(sums))
    if step.op in ("max", "min"):
        choose = max if step.op == "max" else min
        chosen = {choose(a, b, key=_ANY_SIGN.index) for a in args[0] for b in args[1]}
        return "".join(sign for sign in _ANY_SIGN if sign in chosen)
    if step.op in ("mul", "div"):
        # A small product may come to 0.
        one, other = args
        products = {"+" if a == b else "-" for a in one for b in other if "0" not in a + b}  # fmt: skip
        return "".join(sign for sign in _ANY_SIGN if sign in {*products, "0"})
    return _ANY_SIGN


def _opposite(signs: str) -> str:
    return signs.translate(str.maketrans("+-", "-+"))[::-1]


def _sign(value: float) -> str:
    return "+" if value > 0 else "-" if value < 0 else "0" if value == 0 else _ANY_SIGN


def number_of(arg: Operand) -> float:
    """Return a constant operand as a double, nan where it is not known."""
    try:
        return evaluate(arg) if isinstance(arg, Const) else math.nan
    except (ArithmeticError, ValueError):
        return math.nan
