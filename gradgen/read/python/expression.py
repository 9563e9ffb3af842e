"""An expression's Python syntax tree and what its names stand for in; its text as a formula out. Not recursive: trees may be deep."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from gradgen.errors import GradgenError

#: How strongly the operators of a formula bind: as in Python.
ELSE, OR, AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, ATOM = range(10)
#: A larger whole number is no float.
_LARGEST = 10**308
#: Whole numbers up to this are worked out where an index of a loop takes part.
_SMALL = 10**9
_EXPONENT = 64


@dataclass(frozen=True)
class Known:
    """What is no number, and known when compiling: None, a text, or what an import in the function names.

    Attributes:
        value: what it is.
        option: the parameter whose value it is, if it is one's.
    """

    value: object
    option: str = ""

    @property
    def refusal(self) -> str:
        """Why it has no place among numbers, and what to do."""
        what = {str: "text", type(None): "None"}.get(type(self.value), "a module")
        if not self.option:
            return f"{what} has no place in a formula"
        return (
            f"`{self.option}` is {self.value!r} here, and {what} has no place in a formula; "
            f"give another value by --const, or make it a variable by --inputs"
        )


@dataclass(frozen=True)
class Value:
    """What a part of an expression is in a formula.

    Attributes:
        text: its text.
        binds: how strongly its outermost operator binds.
        whole: its value where that is a whole number.
        index: whether an index of a loop took part, which is worked out where it is used.
        condition: whether it is true or false, and no number.
        truth: which of them, where that is known.
        known: what it is where it is no number, but known.
        unclear: why it cannot be read, where that is so: what is said of the name.
    """

    text: str
    binds: int = ATOM
    whole: int | None = None
    index: bool = False
    condition: bool = False
    truth: bool | None = None
    known: Known | None = None
    unclear: str = ""

    @property
    def told(self) -> bool | None:
        """Whether `if` takes it for true, where that is known and it is no number."""
        return self.truth if self.known is None else bool(self.known.value)

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return not self.condition and self.known is None

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


def truth(value: bool) -> Value:
    """Return a condition that is known."""
    return Value(str(value), condition=True, truth=value)


def value_of(value: object, option: str) -> Value:
    """Return the value of a parameter that is settled."""
    if isinstance(value, bool):
        return truth(value)
    return Value("", known=Known(value, option))


def denied(value: Value) -> Value:
    """Return the opposite of a condition; of a number whether it is 0, as Python has it."""
    if value.told is not None:
        return truth(not value.told)
    if not value.condition:
        return Value(f"{value.inside(_SUM)} == 0", _COMPARISON, condition=True)
    return Value(f"not {value.inside(_NOT)}", _NOT, condition=True)


def tested(value: Value) -> Value:
    """Return a value as a condition: of a number whether it is not 0, as Python has it."""
    if value.told is not None:
        return truth(value.told)
    if value.condition:
        return value
    if value.whole is not None:
        return truth(value.whole != 0)
    return Value(f"{value.inside(_SUM)} != 0", _COMPARISON, condition=True)


def equality(one: Value, other: Value) -> Value:
    """Return whether two numbers are equal."""
    if one.whole is not None and other.whole is not None:
        return truth(one.whole == other.whole)
    text = f"{one.inside(_SUM)} == {other.inside(_SUM)}"
    return Value(text, _COMPARISON, condition=True)


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
_NO_NUMBER = "a comparison is not a number; choose by it, as in `1.0 if x > 0 else 0.0`"
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
    text = f"{one.inside(OR)} if {first.inside(_SUM)} != 0 else {other.text}"
    return Value(text, ELSE)


def single(root: ast.expr, context: Context) -> Value:
    """Return an expression that has one value as a formula."""
    value = translate(root, context)
    if isinstance(value, list):
        raise context.fail("this call returns several values", root)
    return value


def number_of(value: Value, node: ast.expr, context: Context) -> Value:
    """Return a value that is a number or a condition; refuse any other."""
    if value.known is not None:
        raise context.fail(value.known.refusal, node)
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
        return _binary(left, node.op, right, node, context)
    if isinstance(node, ast.UnaryOp):
        return _unary(node, operands[0], context)
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
    for part, operand in zip(_parts(node, context), operands):
        number_of(operand, part, context)
    text = operands[0].inside(_SUM)
    for op, operand in zip(node.ops, operands[1:]):
        if type(op) not in _COMPARE:
            raise context.fail(_REFUSED[type(op)], node)
        text += f" {_COMPARE[type(op)]} {operand.inside(_SUM)}"
    numbers = [each.whole for each in operands if each.whole is not None]
    if len(numbers) == len(operands):
        pairs = zip(node.ops, numbers, numbers[1:])
        return truth(all(_ON_NUMBERS[type(op)](a, b) for op, a, b in pairs))
    return Value(text, _COMPARISON, condition=True)


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


def _unary(node: ast.UnaryOp, value: Value, context: Context) -> Value:
    if isinstance(node.op, ast.Not):
        return denied(value)
    number_of(value, node.operand, context)
    if isinstance(node.op, ast.UAdd):
        return value
    if isinstance(node.op, ast.Invert):
        raise context.fail(_REFUSED[ast.Invert], node)
    if value.condition:
        raise context.fail(_NO_NUMBER, node)
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
    if isinstance(node, ast.BinOp):
        number_of(left, node.left, context)
        number_of(right, node.right, context)
    if left.condition or right.condition:
        raise context.fail(_NO_NUMBER, node)
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
