"""An expression's Python syntax tree and what its names stand for in; its text as a formula out. Not recursive: trees may be deep."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.terms.operators import binary, comparison, number_of, unary
from gradgen.read.python.terms.value import (
    AND,
    ATOM,
    ELSE,
    OR,
    SUM,
    Known,
    Value,
    number,
    tested,
    truth,
)

#: A larger whole number is no float.
_LARGEST = 10**308


class Context(Protocol):
    """What a reader knows of the names in an expression."""

    def name(self, node: ast.Name) -> Value:
        """Return what a name stands for."""

    def attribute(self, node: ast.Attribute) -> Value:
        """Return what `math.pi` stands for."""

    def call(
        self, node: ast.Call, args: list[Value], named: dict[str, Value], sure: bool
    ) -> Value | list[Value]:
        """Return the value of a call, or of one that returns several; `sure` where Python comes to it in any case."""

    def compared(self, node: ast.Compare, operands: list[Value]) -> Value | None:
        """Return what a comparison of what is no number comes to; None for one of numbers."""

    def asks(self, node: ast.Call) -> bool:
        """Whether a call asks for the type of its first argument."""

    def asked(self, node: ast.Call, value: Value) -> Value:
        """Return what such a call comes to."""

    def assign(self, node: ast.NamedExpr, value: Value) -> Value:
        """Give a value the name that `:=` names; return what stands for it."""

    def fail(self, message: str, node: ast.AST) -> GradgenError:
        """Return an error at a node."""


#: What Python calls some of what has no place in a formula.
_IN_WORDS = {
    "Subscript": "an index such as x[0]",
    "List": "a list",
    "Tuple": "a tuple",
    "Dict": "a dict",
    "Set": "a set",
    "Lambda": "a lambda",
    "JoinedStr": "text",
    "ListComp": "a comprehension",
    "SetComp": "a comprehension",
    "DictComp": "a comprehension",
    "GeneratorExp": "a comprehension",
    "Starred": "`*`",
    "Yield": "`yield`",
    "YieldFrom": "`yield`",
    "Await": "`await`",
}


def translate(root: ast.expr, context: Context) -> Value | list[Value]:
    """Return an expression as a formula; a list where it is one call that returns several values.

    Raises:
        GradgenError: it holds what has no place in a formula; with line and caret.
    """
    #: A node, how much of it was done, and whether Python comes here in any case.
    todo: list[tuple[ast.expr, int, bool]] = [(root, 0, True)]
    made: list[Value] = []
    while todo:
        node, count, sure = todo.pop()
        if isinstance(node, (ast.IfExp, ast.BoolOp)):
            if isinstance(node, ast.IfExp):
                chosen = _choose(node, count, made, context)
            else:
                chosen = _join(node, count, made, context)
            if node is root and isinstance(chosen, ast.expr):
                root = chosen
            if isinstance(chosen, ast.expr):
                todo.append((chosen, 0, sure))
            elif chosen:
                todo.append((node, count + 1, sure))
                todo.append((chosen[0], 0, sure and not count))
            continue
        parts = _parts(node, context)
        if not count:
            # In a < b < c, what follows b is read where a < b holds.
            late = isinstance(node, ast.Compare)
            flags = [sure and not (late and place > 1) for place in range(len(parts))]
            todo.append((node, 1, sure))
            todo += [(p, 0, flag) for p, flag in zip(parts[::-1], flags[::-1])]
            continue
        operands = made[len(made) - len(parts) :]
        del made[len(made) - len(parts) :]
        if isinstance(node, ast.NamedExpr) and not sure:
            raise context.fail(
                "`:=` stands where it is not always reached; assign above instead", node
            )
        value = _joined(node, operands, context, sure)
        if isinstance(value, list):
            if node is not root:
                raise context.fail("this call returns several values", node)
            return value
        made.append(value)
    return made[0]


#: The next part of a choice that is to be read, the one part that it comes to, or nothing where it is done.
_Next: TypeAlias = "tuple[ast.expr] | ast.expr | None"


def _choose(node: ast.IfExp, count: int, made: list[Value], context: Context) -> _Next:
    """Go on with a choice, of which so many parts were read; one that is settled is its one part, and the other is not read."""
    if count == 0:
        return (node.test,)
    if count == 1:
        test = made[-1] = tested(made[-1])
        if test.truth is not None:
            made.pop()
            return node.body if test.truth else node.orelse
        return (node.body,)
    if count == 2:
        return (node.orelse,)
    other = number_of(made.pop(), node.orelse, context)
    body, test = number_of(made.pop(), node.body, context), made.pop()
    words = f"{body.inside(OR)} if {test.inside(OR)} else {other.text}"
    made.append(Value(words, ELSE))
    return None


def _join(node: ast.BoolOp, count: int, made: list[Value], context: Context) -> _Next:
    """Go on with `and` or `or`, of which so many operands were read; what is settled ends it, and no other is read."""
    word, binds, end = "or", OR, True
    if isinstance(node.op, ast.And):
        word, binds, end = "and", AND, False
    if count > 1:
        last, first = made.pop(), made.pop()
        if first.told is None:
            last = number_of(last, node.values[count - 1], context)
            if first.is_number and last.is_number and first.binds == ATOM:
                made.append(_one_of(first, last, end))  # as in size = size or 2.0
                return None if count == len(node.values) else (node.values[count],)
            text = f"{first.inside(binds)} {word} {last.inside(binds + 1)}"
            last = Value(text, binds, condition=True)
        made.append(last)
    done = count == len(node.values) or (count and made[-1].told is end)
    return None if done else (node.values[count],)


def _one_of(first: Value, last: Value, end: bool) -> Value:
    """Return the one of two numbers that `or` or `and` gives: the first where it ends there."""
    one, other = (first, last) if end else (last, first)
    text = f"{one.inside(OR)} if {first.inside(SUM)} != 0 else {other.text}"
    return Value(text, ELSE)


def single(root: ast.expr, context: Context) -> Value:
    """Return an expression that has one value as a formula."""
    value = translate(root, context)
    if isinstance(value, list):
        raise context.fail("this call returns several values", root)
    return value


def _parts(node: ast.expr, context: Context) -> Sequence[ast.expr]:
    """Return the operands of an expression."""
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.UnaryOp):
        return (node.operand,)
    if isinstance(node, ast.Compare):
        among = node.comparators[0]
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)) and isinstance(among, (ast.Tuple, ast.List, ast.Set)):  # fmt: skip
            return node.left, *among.elts
        return node.left, *node.comparators
    if isinstance(node, ast.Call) and context.asks(node):
        return (node.args[0],)
    if isinstance(node, ast.NamedExpr):
        return (node.value,)
    if isinstance(node, ast.Call):
        return *node.args, *(keyword.value for keyword in node.keywords)
    if isinstance(node, (ast.Name, ast.Attribute, ast.Constant)):
        return ()
    kind = type(node).__name__
    what = _IN_WORDS.get(kind, f"Python's {kind}")
    raise context.fail(f"{what} has no place in a formula", node)


def _joined(
    node: ast.expr, operands: list[Value], context: Context, sure: bool
) -> Value | list[Value]:
    """Return an operation on values."""
    if isinstance(node, ast.Constant):
        return _constant(node, context)
    if isinstance(node, ast.Name):
        return context.name(node)
    if isinstance(node, ast.Attribute):
        return context.attribute(node)
    if isinstance(node, ast.BinOp):
        left, right = operands
        return binary(left, node.op, right, node, context)
    if isinstance(node, ast.UnaryOp):
        return unary(node, operands[0], context)
    if isinstance(node, ast.Compare):
        return _compared(node, operands, context)
    if isinstance(node, ast.NamedExpr):
        return context.assign(node, operands[0])
    assert isinstance(node, ast.Call)
    if context.asks(node):
        return context.asked(node, operands[0])
    given = operands[: len(node.args)]
    named: dict[str, Value] = {}
    for keyword, value in zip(node.keywords, operands[len(node.args) :]):
        if keyword.arg is None:
            raise context.fail("`**` has no place in a formula", keyword.value)
        named[keyword.arg] = value
    return context.call(node, given, named, sure)


def _compared(node: ast.Compare, operands: list[Value], context: Context) -> Value:
    """Return a comparison; of whole numbers and of what is no number, what it comes to."""
    settled = context.compared(node, operands)
    if settled is not None:
        return settled
    return comparison(node, _parts(node, context), operands, context)


def _constant(node: ast.Constant, context: Context) -> Value:
    value = node.value
    if isinstance(value, bool):
        return truth(value)
    if isinstance(value, (int, float)):
        if abs(value) > _LARGEST and (isinstance(value, int) or math.isinf(value)):
            raise context.fail("this number is too large for a float", node)
        return number(value)
    if isinstance(value, complex):
        raise context.fail("imaginary numbers have no place in a formula", node)
    if isinstance(value, str) or value is None:
        return Value("", known=Known(value))
    what = "text" if isinstance(value, bytes) else "this"
    raise context.fail(f"{what} has no place in a formula", node)
