"""An expression's Python syntax tree and what its names stand for in; its text as a formula out. Not recursive: trees may be deep."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.arrays.taken import bounds
from gradgen.read.python.flow.conditions import absent
from gradgen.read.python.terms.builtin import set_of
from gradgen.read.python.terms.operators import binary, comparison, number_of, unary
from gradgen.read.python.terms.rows import (
    Row,
    RowError,
    SizeError,
    chained,
    key_of,
    row_of,
)
from gradgen.read.python.terms.value import (
    AND,
    ATOM,
    ELSE,
    OR,
    Known,
    Value,
    among,
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

    def owner(self, node: ast.Attribute) -> ast.expr | None:
        """Return the value that is asked by `.name`; None where that is a module."""

    def attribute(self, node: ast.Attribute, base: Value | None = None) -> Value:
        """Return what `math.pi` stands for, or what a value says by that name."""

    def edge(self, said: str) -> Value:
        """Return what stands for a number that is not finite."""

    def atom(self, value: Value, name: str = "part") -> Value:
        """Return a number under a name, as it is used more than once."""

    def call_of(self, *names: str) -> None:
        """Note that functions of formulas are called."""

    def is_numpys(self, value: Value) -> bool:
        """Return whether a number is certain to be numpy's, as that made an array without axes of it."""

    def finite(self, values: Sequence[Value]) -> None:
        """Refuse what is made of an infinite number."""

    def made(self, row: Row) -> Value:
        """Return a sequence that is made here."""

    def through(self, value: Value) -> list[Value]:
        """Return what Python goes through."""

    def subscript(self, node: ast.Subscript, parts: list[Value]) -> Value:
        """Return what stands at an index of a sequence."""

    def matrix(self, left: Value, right: Value) -> Value:
        """Return what `@` makes of two arrays."""

    def of_arrays(self, left: Value, op: ast.operator, right: Value) -> bool:
        """Whether an operator makes something of arrays alone, of which parameters that are sequences then are."""

    def arrays(self, node: ast.expr, values: list[Value], change: Callable[[list[Value]], Value]) -> Value:  # fmt: skip
        """Return what an operator makes of the numbers of arrays."""

    def comprehension(self, node: Comprehension, sure: bool) -> Value:
        """Return what a comprehension makes."""

    def inner(self, node: ast.Lambda) -> Value:
        """Return what stands for a lambda."""

    def call(
        self,
        node: ast.Call,
        args: list[Value],
        named: dict[str, Value],
        sure: bool,
        base: Value | None = None,
    ) -> Value:
        """Return the value of a call, also of a method of `base`; `sure` where Python comes to it in any case."""

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
    "JoinedStr": "text",
    "Starred": "`*`",
    "Yield": "`yield`",
    "YieldFrom": "`yield`",
    "Await": "`await`",
    "Slice": "a slice",
}
Comprehension: TypeAlias = (
    "ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp"
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def translate(root: ast.expr, context: Context, sure: bool = True) -> Value:
    """Return an expression as a formula, or the sequence that it is.

    Args:
        root: the expression.
        context: what its names stand for.
        sure: whether Python comes here in any case.

    Raises:
        GradgenError: it holds what has no place in a formula; with line and caret.
    """
    #: A node, how much of it was done, and whether Python comes here in any case.
    todo: list[tuple[ast.expr, int, bool]] = [(root, 0, sure)]
    made: list[Value] = []
    while todo:
        node, count, sure = todo.pop()
        if isinstance(node, (ast.IfExp, ast.BoolOp)):
            if isinstance(node, ast.IfExp):
                chosen = _choose(node, count, made, context)
            else:
                chosen = _join(node, count, made, context)
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
        try:
            made.append(_joined(node, operands, context, sure))
        except RowError as error:
            raise context.fail(str(error), node) from None
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
    other, body, test = made.pop(), made.pop(), made.pop()
    made.append(_either(node, test, body, other, context))
    return None


def _either(
    node: ast.IfExp, test: Value, body: Value, other: Value, context: Context
) -> Value:
    """Return the one value or the other; of tuples as long as each other, value by value."""
    rows = row_of(body), row_of(other)
    if rows[0] is not None and rows[1] is not None:
        same = len(rows[0]) == len(rows[1]) and {rows[0].kind, rows[1].kind} == {
            "tuple"
        }
        if same:
            pairs = zip(rows[0].items, rows[1].items)
            items = [_either(node, test, *pair, context) for pair in pairs]
            return Row("tuple", (*items,)).value
    if body.known is not None and body == other:
        return body
    if body.is_none is not other.is_none and all(each.is_none or each.is_number for each in (body, other)):  # fmt: skip
        none = replace(context.edge("the value is None"), absent=truth(True))
        body, other = (none if each.is_none else each for each in (body, other))
    number_of(other, node.orelse, context)
    number_of(body, node.body, context)
    text = f"{body.inside(OR)} if {test.inside(OR)} else {other.text}"
    of = absent([(test, body)], other)
    boxed = body.boxed or other.boxed
    integral = body.may_be_whole or other.may_be_whole
    return Value(text, ELSE, boxed=boxed, held=boxed, among=among([body, other]), absent=of, integral=integral)  # fmt: skip


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
            if first.is_number and (first.absent or (not end and last.condition)):
                first = tested(first)  # where it is 0, that is as much as False
            if first.condition and last.truth is not None:
                made.append(truth(end) if last.truth is end else first)
                return None if count == len(node.values) or last.truth is end else (node.values[count],)  # fmt: skip
            text = f"{first.inside(binds)} {word} {last.inside(binds + 1)}"
            last = Value(text, binds, condition=True)
        made.append(last)
    done = count == len(node.values) or (count and made[-1].told is end)
    return None if done else (node.values[count],)


def _one_of(first: Value, last: Value, end: bool) -> Value:
    """Return the one of two numbers that `or` or `and` gives: the first where it ends there."""
    one, other = (first, last) if end else (last, first)
    test = tested(first)
    text = f"{one.inside(OR)} if {test.inside(OR)} else {other.text}"
    boxed = one.boxed or other.boxed
    of = absent([(test, one)], other)
    integral = one.may_be_whole or other.may_be_whole
    return Value(text, ELSE, boxed=boxed, held=boxed, absent=of, integral=integral)


def _parts(node: ast.expr, context: Context) -> Sequence[ast.expr]:
    """Return the operands of an expression."""
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.UnaryOp):
        return (node.operand,)
    if isinstance(node, ast.Compare):
        return _compared_parts(node)
    if isinstance(node, ast.Call) and context.asks(node):
        return (node.args[0],)
    if isinstance(node, (ast.NamedExpr, ast.Starred)):
        return (node.value,)
    if isinstance(node, ast.Call):
        owner = None if isinstance(node.func, ast.Name) else node.func
        if isinstance(node.func, ast.Attribute):
            owner = context.owner(node.func)
        given = *node.args, *(keyword.value for keyword in node.keywords)
        return given if owner is None else (owner, *given)
    if isinstance(node, ast.Attribute):
        owner = context.owner(node)
        return () if owner is None else (owner,)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return node.elts
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values)
        return [part for pair in pairs for part in pair if part is not None]
    if isinstance(node, ast.Subscript):
        return node.value, *bounds(node.slice)
    if isinstance(node, (ast.Name, ast.Constant, ast.Lambda, *_COMPREHENSIONS)):
        return ()
    kind = type(node).__name__
    what = _IN_WORDS.get(kind, f"Python's {kind}")
    raise context.fail(f"{what} has no place in a formula", node)


def _compared_parts(node: ast.Compare) -> Sequence[ast.expr]:
    """Return what is compared; of `x in (a, b)` the values that are listed."""
    among = node.comparators[0]
    listed_ = isinstance(among, (ast.Tuple, ast.List, ast.Set)) and not any(isinstance(each, ast.Starred) for each in among.elts)  # fmt: skip
    if listed_ and len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return node.left, *among.elts  # type: ignore[attr-defined]
    return node.left, *node.comparators


def _joined(
    node: ast.expr, operands: list[Value], context: Context, sure: bool
) -> Value:
    """Return an operation on values."""
    if isinstance(node, ast.Constant):
        return _constant(node, context)
    if isinstance(node, ast.Name):
        return context.name(node)
    if isinstance(node, ast.Attribute):
        return context.attribute(node, *operands)
    if isinstance(node, ast.BinOp):
        context.finite(operands)
        return _binary(node, operands, context)
    if isinstance(node, ast.UnaryOp):
        row = row_of(operands[0])
        if row is None or row.kind not in ("array", "sequence") or isinstance(node.op, ast.Not):  # fmt: skip
            return unary(node, operands[0], context)
        return context.arrays(node, operands, lambda each: unary(node, replace(each[0], narrow=each[0].narrow or each[0].condition), context))  # fmt: skip
    if isinstance(node, ast.Compare):
        return _compared(node, operands, context)
    if isinstance(node, ast.NamedExpr):
        return context.assign(node, operands[0])
    if isinstance(node, ast.Starred):
        return operands[0]
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        items = _spread(node.elts, operands, context)
        if isinstance(node, ast.Set):
            return set_of(items)
        kind = "tuple" if isinstance(node, ast.Tuple) else "list"
        return context.made(Row(kind, (*items,)))
    if isinstance(node, ast.Dict):
        return context.made(_dict(node, operands))
    if isinstance(node, ast.Subscript):
        return context.subscript(node, operands)
    if isinstance(node, _COMPREHENSIONS):
        return context.comprehension(node, sure)
    if isinstance(node, ast.Lambda):
        return context.inner(node)
    assert isinstance(node, ast.Call)
    if context.asks(node):
        return context.asked(node, operands[0])
    return _called(node, operands, context, sure)


def _spread(nodes: Sequence[ast.expr], values: Sequence[Value], context: Context) -> list[Value]:  # fmt: skip
    """Return values, of one with a star those in it."""
    found: list[Value] = []
    for node, value in zip(nodes, values):
        found += context.through(value) if isinstance(node, ast.Starred) else [value]
    return found


def _dict(node: ast.Dict, operands: list[Value]) -> Row:
    pairs: dict[object, Value] = {}
    left = iter(operands)
    for key in node.keys:
        if key is not None:
            name = key_of(next(left))
            pairs[name] = next(left)
            continue
        row = row_of(next(left))  # as in {**others}
        if row is None or row.kind != "dict":
            raise RowError("`**` takes a dict")
        pairs.update(zip(row.keys, row.items))
    return Row("dict", (*pairs.values(),), (*pairs,))


def _called(
    node: ast.Call, operands: list[Value], context: Context, sure: bool
) -> Value:
    base = None
    if len(operands) > len(node.args) + len(node.keywords):
        base, *operands = operands
    args = _spread(node.args, operands[: len(node.args)], context)
    named: dict[str, Value] = {}
    for keyword, value in zip(node.keywords, operands[len(node.args) :]):
        given = {keyword.arg: value} if keyword.arg is not None else _names_in(value)
        for name, each in given.items():
            if name in named:
                raise RowError(f"the argument `{name}` is given twice")
            named[name] = each
    return context.call(node, args, named, sure, base)


def _names_in(value: Value) -> dict[str, Value]:
    """Return the arguments that `**` gives by name."""
    row = row_of(value)
    if row is None or row.kind != "dict":
        raise RowError("`**` takes a dict")
    if not all(isinstance(key, str) for key in row.keys):
        raise RowError("`**` takes a dict whose keys are texts")
    return {str(key): item for key, item in zip(row.keys, row.items)}


def _binary(node: ast.BinOp, operands: list[Value], context: Context) -> Value:
    """Return an operation on numbers, on arrays, or on two sequences of a kind."""
    left, right = operands
    rows = row_of(left), row_of(right)
    if rows == (None, None):
        if isinstance(node.op, ast.MatMult):
            raise SizeError("`@` takes arrays", left)
        return binary(left, node.op, right, node, context)
    kinds = [row.kind for row in rows if row is not None]
    if "array" not in kinds and not context.of_arrays(left, node.op, right):
        return context.made(chained(left, node.op, right))
    if isinstance(node.op, ast.MatMult):
        return context.matrix(left, right)
    op = node.op
    return context.arrays(node, operands, lambda each: binary(each[0], op, each[1], node, context))  # fmt: skip


def _compared(node: ast.Compare, operands: list[Value], context: Context) -> Value:
    """Return a comparison; of whole numbers and of what is no number, what it comes to."""
    settled = context.compared(node, operands)
    if settled is not None:
        return settled
    kinds = {row.kind for row in map(row_of, operands) if row is not None}
    ordered = all(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in node.ops)  # fmt: skip
    # Of lists, and of tuples, no number is larger.
    alone = kinds == {"sequence"} and ordered and any(each.is_number for each in operands)  # fmt: skip
    if "array" in kinds or alone:
        if len(node.ops) > 1:
            raise RowError("arrays are compared two by two")
        return context.arrays(node, operands, lambda each: comparison(node, [node] * 2, each, context))  # fmt: skip
    made = comparison(node, _parts(node, context), operands, context)
    return replace(made, narrow=True) if any(map(context.is_numpys, operands)) else made


def _constant(node: ast.Constant, context: Context) -> Value:
    value = node.value
    if isinstance(value, bool):
        return truth(value)
    if isinstance(value, (int, float)):
        if isinstance(value, float) and math.isinf(value):
            return context.edge("inf")
        if abs(value) > _LARGEST and isinstance(value, int):
            raise context.fail("this number is too large for a float", node)
        return number(value)
    if isinstance(value, complex):
        raise context.fail("imaginary numbers have no place in a formula", node)
    if isinstance(value, str) or value is None:
        return Value("", known=Known(value))
    what = "text" if isinstance(value, bytes) else "this"
    raise context.fail(f"{what} has no place in a formula", node)
