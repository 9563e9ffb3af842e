"""An expression's Python syntax tree and what its names stand for in; its text as a formula out. Not recursive: trees may be deep."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gradgen.errors import GradgenError

#: How strongly the operators of a formula bind: as in Python.
_ELSE, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, ATOM = range(10)
#: A larger whole number is no float.
_LARGEST = 10**308
#: Whole numbers up to this are worked out where an index of a loop takes part.
_SMALL = 10**9
_EXPONENT = 64


@dataclass(frozen=True)
class Value:
    """What a part of an expression is in a formula.

    Attributes:
        text: its text.
        binds: how strongly its outermost operator binds.
        whole: its value where that is a whole number.
        index: whether an index of a loop took part, which is worked out where it is used.
    """

    text: str
    binds: int = ATOM
    whole: int | None = None
    index: bool = False

    def inside(self, binds: int) -> str:
        """Return the text as an operand of what binds so strongly."""
        return self.text if self.binds >= binds else f"({self.text})"


class Context(Protocol):
    """What a reader knows of the names in an expression."""

    def name(self, node: ast.Name) -> Value:
        """Return what a name stands for."""

    def attribute(self, node: ast.Attribute) -> Value:
        """Return what `math.pi` stands for."""

    def call(
        self, node: ast.Call, args: list[Value], named: dict[str, Value]
    ) -> Value | list[Value]:
        """Return the value of a call, or of one that returns several."""

    def fail(self, message: str, node: ast.AST) -> GradgenError:
        """Return an error at a node."""


def index(number: int) -> Value:
    """Return the index of a loop that is written out."""
    return Value(str(number), _SIGN if number < 0 else ATOM, number, True)


def number(value: float, text: str = "") -> Value:
    """Return a number; whole ones stay whole."""
    shown = text or repr(value)
    negative = shown.startswith("-")
    whole = value if isinstance(value, int) else None
    return Value(shown, _SIGN if negative else ATOM, whole)


_BINARY: Mapping[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", _SUM),
    ast.Sub: ("-", _SUM),
    ast.Mult: ("*", _PRODUCT),
    ast.Div: ("/", _PRODUCT),
    ast.Mod: ("%", _PRODUCT),
    ast.Pow: ("**", _POWER),
}
_COMPARE: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
#: Operators that have no place in a formula, and what to write.
_REFUSED: Mapping[type[ast.AST], str] = {
    ast.FloorDiv: "`//` is not supported (its gradient is zero); write `/` for a quotient, or `math.floor(x/y)`",
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
#: What Python calls some of what has no place in a formula.
_IN_WORDS = {
    "Subscript": "an index such as x[0]",
    "List": "a list",
    "Tuple": "a tuple",
    "Dict": "a dict",
    "Set": "a set",
    "Lambda": "a lambda",
    "NamedExpr": "`:=`",
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
_ON_WHOLE: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def translate(root: ast.expr, context: Context) -> Value | list[Value]:
    """Return an expression as a formula; a list where it is one call that returns several values.

    Raises:
        GradgenError: it holds what has no place in a formula; with line and caret.
    """
    todo: list[tuple[ast.expr, bool]] = [(root, False)]
    made: list[Value] = []
    while todo:
        node, ready = todo.pop()
        if not ready:
            parts = _parts(node, context)
            todo.append((node, True))
            todo += [(part, False) for part in reversed(parts)]
            continue
        count = len(_parts(node, context))
        operands = made[len(made) - count :]
        del made[len(made) - count :]
        value = _joined(node, operands, context)
        if isinstance(value, list):
            if node is not root:
                raise context.fail("this call returns several values", node)
            return value
        made.append(value)
    return made[0]


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
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Compare):
        return node.left, *node.comparators
    if isinstance(node, ast.IfExp):
        return node.body, node.test, node.orelse
    if isinstance(node, ast.Call):
        return *node.args, *(keyword.value for keyword in node.keywords)
    if isinstance(node, (ast.Name, ast.Attribute, ast.Constant)):
        return ()
    kind = type(node).__name__
    what = _IN_WORDS.get(kind, f"Python's {kind}")
    raise context.fail(f"{what} has no place in a formula", node)


def _joined(
    node: ast.expr, operands: list[Value], context: Context
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
        return _binary(left, node.op, right, node, context)
    if isinstance(node, ast.UnaryOp):
        return _unary(node, operands[0], context)
    if isinstance(node, ast.BoolOp):
        word, binds = ("and", _AND) if isinstance(node.op, ast.And) else ("or", _OR)
        texts = [operand.inside(binds + 1) for operand in operands]
        return Value(f" {word} ".join(texts), binds)
    if isinstance(node, ast.Compare):
        text = operands[0].inside(_SUM)
        for op, operand in zip(node.ops, operands[1:]):
            if type(op) not in _COMPARE:
                raise context.fail(_REFUSED[type(op)], node)
            text += f" {_COMPARE[type(op)]} {operand.inside(_SUM)}"
        return Value(text, _COMPARISON)
    if isinstance(node, ast.IfExp):
        body, test, other = operands
        words = f"{body.inside(_OR)} if {test.inside(_OR)} else {other.text}"
        return Value(words, _ELSE)
    assert isinstance(node, ast.Call)
    given = operands[: len(node.args)]
    named: dict[str, Value] = {}
    for keyword, value in zip(node.keywords, operands[len(node.args) :]):
        if keyword.arg is None:
            raise context.fail("`**` has no place in a formula", keyword.value)
        named[keyword.arg] = value
    return context.call(node, given, named)


def _constant(node: ast.Constant, context: Context) -> Value:
    value = node.value
    if isinstance(value, bool):
        return Value(str(value))
    if isinstance(value, (int, float)):
        if abs(value) > _LARGEST and (isinstance(value, int) or math.isinf(value)):
            raise context.fail("this number is too large for a float", node)
        return number(value)
    if isinstance(value, complex):
        raise context.fail("imaginary numbers have no place in a formula", node)
    what = {str: "text", bytes: "text", type(None): "None"}.get(type(value), "this")
    raise context.fail(f"{what} has no place in a formula", node)


def _unary(node: ast.UnaryOp, value: Value, context: Context) -> Value:
    if isinstance(node.op, ast.UAdd):
        return value
    if isinstance(node.op, ast.Not):
        return Value(f"not {value.inside(_NOT)}", _NOT)
    if isinstance(node.op, ast.Invert):
        raise context.fail(_REFUSED[ast.Invert], node)
    if value.index and value.whole is not None:
        return index(-value.whole)
    whole = None if value.whole is None else -value.whole
    return Value(f"-{value.inside(_SIGN)}", _SIGN, whole)


def _worked_out(left: Value, kind: type[ast.operator], right: Value) -> int | None:
    """Return what an operation on whole numbers comes to, where it is one that is worked out."""
    one, other = left.whole, right.whole
    if one is None or other is None or kind not in _ON_WHOLE:
        return None
    if max(abs(one), abs(other)) > _SMALL:
        return None
    if kind in (ast.FloorDiv, ast.Mod) and other == 0:
        return None
    if kind is ast.Pow and not 0 <= other <= _EXPONENT:
        return None
    found = _ON_WHOLE[kind](one, other)
    return found if abs(found) <= _SMALL**2 else None


def _binary(
    left: Value, op: ast.operator, right: Value, node: ast.expr, context: Context
) -> Value:
    """Return an operation; with an index, what it comes to: a whole number, or the other operand alone."""
    kind = type(op)
    whole = _worked_out(left, kind, right)
    indexed = left.index or right.index or kind is ast.FloorDiv
    if whole is not None and indexed:
        return index(whole)  # a literal beside an index is one
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
        text = f"{left.inside(_POWER + 1)} ** {right.inside(_SIGN)}"
    else:
        text = f"{left.inside(binds)} {word} {right.inside(binds + 1)}"
    return Value(text, binds, whole)
