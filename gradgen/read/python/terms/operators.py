"""Values and an operator of Python in; what it makes of them in a formula, or why it has no place there, out."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradgen.read.python.flow.conditions import both, either
from gradgen.read.python.terms.builtin import counted
from gradgen.read.python.terms.rows import RowError, narrowed
from gradgen.read.python.terms.value import (
    COMPARISON,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Among,
    Value,
    denied,
    index,
    together,
    truth,
)

if TYPE_CHECKING:
    from gradgen.read.python.expression import Context

#: Whole numbers up to this are worked out.
_LARGEST = 10**60
_EXPONENT = 64

_BINARY: Mapping[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", SUM),
    ast.Sub: ("-", SUM),
    ast.Mult: ("*", PRODUCT),
    ast.Div: ("/", PRODUCT),
    ast.Mod: ("%", PRODUCT),
    ast.Pow: ("**", POWER),
}
_COMPARE: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_ON_NUMBERS: Mapping[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
#: Operators that have no place in a formula, and what to write.
_REFUSED: Mapping[type[ast.AST], str] = {
    ast.MatMult: "`@` has no place in a formula; write the product of numbers with `*`",
    ast.BitXor: "`^` works on the bits of whole numbers; a power is `**`",
    ast.BitAnd: "`&` works on the bits of whole numbers; conditions are joined by `and`",
    ast.BitOr: "`|` works on the bits of whole numbers; conditions are joined by `or`",
    ast.LShift: "`<<` works on the bits of whole numbers; write a product",
    ast.RShift: "`>>` works on the bits of whole numbers; write a quotient",
    ast.Invert: "`~` works on the bits of whole numbers; write `not` before a condition",
    ast.Is: "`is` has no place in a formula; numbers are compared by `==`",
    ast.IsNot: "`is not` has no place in a formula; numbers are compared by `!=`",
    ast.In: "`in` has no place in a formula; write each comparison",
    ast.NotIn: "`not in` has no place in a formula; write each comparison",
}
#: What a condition is a number beside.
_BY_TRUTH = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_NO_NUMBER = "a comparison is not a number; choose by it, as in `1.0 if x > 0 else 0.0`"
_ON_WHOLE: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}


def number_of(value: Value, node: ast.AST, context: Context) -> Value:
    """Return a value that is a number or a condition; refuse any other."""
    if value.known is not None:
        raise context.fail(value.known.refusal, node)
    return value


def unary(node: ast.UnaryOp, value: Value, context: Context) -> Value:
    if isinstance(node.op, ast.Not):
        return denied(value)
    number_of(value, node.operand, context)
    if isinstance(node.op, ast.UAdd):
        return replace(value, absent=None)
    if isinstance(node.op, ast.Invert) and value.condition and value.narrow:
        return replace(denied(value), narrow=True)
    if isinstance(node.op, ast.Invert):
        raise context.fail(_REFUSED[ast.Invert], node)
    if value.condition:
        raise context.fail(_NO_NUMBER, node)
    if value.index and value.whole is not None:
        return narrowed(index(-value.whole), (value,), -value.whole)
    whole = None if value.whole is None else -value.whole
    told = value.among
    among = Among(told.name, (*((at, -own) for at, own in told.pairs),)) if told and told.name else None  # fmt: skip
    made = Value(f"-{value.inside(SIGN)}", SIGN, whole, among=among, integral=value.integral)  # fmt: skip
    return narrowed(made, (value,), whole)


def binary(
    left: Value, op: ast.operator, right: Value, node: ast.expr, context: Context
) -> Value:
    """Return an operation; with an index, what it comes to: a whole number, or the other operand alone."""
    kind = type(op)
    left, right = (replace(each, absent=None) for each in (left, right))
    if isinstance(node, ast.BinOp):
        number_of(left, node.left, context)
        number_of(right, node.right, context)
    if left.condition and right.condition and kind in (ast.BitAnd, ast.BitOr):
        made = both(left, right) if kind is ast.BitAnd else either(left, right)
        return replace(made, narrow=left.narrow or right.narrow)
    told = None not in (left.truth, right.truth) and not (left.narrow or right.narrow)
    if (left.condition is not right.condition or told) and kind in _BY_TRUTH:
        left, right = counted(left), counted(right)  # True is 1 among numbers
    if left.condition or right.condition:
        raise context.fail(_NO_NUMBER, node)
    whole, narrow = _worked_out(left, kind, right), of_numpy(left, kind, right)
    indexed = left.index or right.index or kind in (ast.FloorDiv, ast.LShift, ast.RShift)  # fmt: skip
    if whole is not None and indexed:
        return narrowed(
            index(whole), (left, right), narrow
        )  # a literal beside an index is one
    if kind is ast.FloorDiv:
        return _whole_quotient(left, right, context)
    if kind not in _BINARY:
        raise context.fail(_REFUSED[kind], node)
    one = left.whole if left.index else None
    other = right.whole if right.index else None
    if kind is ast.Mult and 0 in (one, other):
        return index(0)
    if (kind, one) in ((ast.Add, 0), (ast.Mult, 1)):
        return right
    neutral = {ast.Add: 0, ast.Sub: 0, ast.Mult: 1, ast.Div: 1, ast.Pow: 1}
    if other is not None and neutral.get(kind) == other:
        return left
    word, binds = _BINARY[kind]
    if kind is ast.Pow:
        text = f"{left.inside(POWER + 1)} ** {right.inside(SIGN)}"
    else:
        text = f"{left.inside(binds)} {word} {right.inside(binds + 1)}"
    made = Value(text, binds, whole, among=_among(left, kind, right), integral=_integral(left, right) and kind is not ast.Div)  # fmt: skip
    return narrowed(made, (left, right), narrow)


def _whole_quotient(left: Value, right: Value, context: Context) -> Value:
    """Return `x // y`, which is `(x - x % y)/y` but for rounding: `floor(x/y)` is one more where the quotient is rounded up to it."""
    one, other = context.atom(left, "dividend"), context.atom(right, "divisor")
    part = f"{one.inside(PRODUCT)} % {other.inside(PRODUCT + 1)}"
    context.call_of("round")
    return Value(f"round(({one.text} - {part}) / {other.inside(PRODUCT + 1)})", integral=_integral(left, right))  # fmt: skip


def _integral(left: Value, right: Value) -> bool:
    return left.may_be_whole and right.may_be_whole


def _among(left: Value, kind: type[ast.operator], right: Value) -> Among | None:
    """Return which whole numbers an operation may come to, where numbers decide that."""
    found = together(left, right)
    told = left.among or right.among
    if not found or told is None or kind not in (ast.Add, ast.Sub, ast.Mult):
        return None
    return Among(told.name, (*((at, _ON_WHOLE[kind](a, b)) for at, a, b in found),))


def of_numpy(left: Value, kind: type[ast.operator], right: Value) -> int | None:
    """Return what an operation on whole numbers comes to, of which one is numpy's; None for any other."""
    one, other = left.whole, right.whole
    if one is None or other is None or not (left.narrow or right.narrow):
        return None
    if kind not in _ON_WHOLE or (kind in (ast.FloorDiv, ast.Mod) and other == 0):
        return None
    if kind in (ast.Pow, ast.LShift, ast.RShift):
        if other < 0:
            raise RowError("numpy raises whole numbers to no negative power; make them floats, as by np.asarray(n, dtype=float)")  # fmt: skip
        other = min(other, 4 * _EXPONENT)  # which is too much, or as much
    return _ON_WHOLE[kind](one, other)


def _worked_out(left: Value, kind: type[ast.operator], right: Value) -> int | None:
    """Return what an operation on whole numbers comes to, where it is one that is worked out."""
    one, other = left.whole, right.whole
    if one is None or other is None or kind not in _ON_WHOLE:
        return None
    if max(abs(one), abs(other)) > _LARGEST:
        return None
    if kind in (ast.FloorDiv, ast.Mod) and other == 0:
        return None
    if kind in (ast.Pow, ast.LShift, ast.RShift) and not 0 <= other <= _EXPONENT:
        return None
    found = _ON_WHOLE[kind](one, other)
    return found if abs(found) <= _LARGEST else None


def _of_truth(ops: Sequence[ast.cmpop], operands: Sequence[Value]) -> Value | None:
    """Return whether a condition is True or False, or 1 or 0, as in `mask == 0`; None of all else."""
    test = next((each for each in operands if each.condition and each.truth is None), None)  # fmt: skip
    known = [int(e.truth) if e.truth is not None else e.whole for e in operands if e is not test]  # fmt: skip
    if test is None or known not in ([0], [1]) or not isinstance(ops[0], (ast.Eq, ast.NotEq)):  # fmt: skip
        return None
    holds = bool(known[0]) is isinstance(ops[0], ast.Eq)
    return test if holds else replace(denied(test), narrow=test.narrow)


def comparison(
    node: ast.Compare,
    parts: Sequence[ast.expr],
    operands: list[Value],
    context: Context,
) -> Value:
    """Return a comparison of numbers; of whole ones, what it comes to."""
    for part, operand in zip(parts, operands):
        number_of(operand, part, context)
    held = _of_truth(node.ops, operands)
    if held is not None:
        return held
    text = operands[0].inside(SUM)
    for op, operand in zip(node.ops, operands[1:]):
        if type(op) not in _COMPARE:
            raise context.fail(_REFUSED[type(op)], node)
        text += f" {_COMPARE[type(op)]} {operand.inside(SUM)}"
    # 0 is 0.0, as of `x.imag > 0.0`.
    wholes = [0 if each.text == "0.0" else each.whole for each in operands]
    numbers = [each for each in wholes if each is not None]
    if len(numbers) == len(operands):
        pairs = zip(node.ops, numbers, numbers[1:])
        return truth(all(_ON_NUMBERS[type(op)](a, b) for op, a, b in pairs))
    ways = together(*operands) if len(operands) == 2 else None
    holds = [_ON_NUMBERS[type(node.ops[0])](a, b) for _, a, b in ways or ()]
    if ways and len({*holds}) == 1:
        return truth(holds[0])  # in all of them
    told = operands[0].among or operands[-1].among
    tells = (told.name, (*(at for (at, _, _), held in zip(ways, holds) if held),)) if told and ways else ("", ())  # fmt: skip
    return Value(text, COMPARISON, condition=True, tells=tells)
