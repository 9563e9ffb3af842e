"""The text of one expression in; a SymPy expression out, exactly as written. Nothing of the text is ever executed."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from gradgen.core.rows import Row
from gradgen.errors import GradgenError
from gradgen.read.calls import Call, needs, node_of
from gradgen.read.definitions import Definition, Own, Tally
from gradgen.read.hints import HINTS
from gradgen.read.operands import IN_BRACKETS, condition_of, number, number_of
from gradgen.read.symbols import Symbols
from gradgen.read.sympy import make
from gradgen.read.sympy.nodes import ByNode
from gradgen.read.tokens import Token, missing_operator, redundant, tokens

#: Published limits, far above real use.
MAX_LENGTH = 100_000
MAX_PROGRAM = 2_000_000
MAX_NESTING = 100
MAX_OPERATIONS = 20_000

#: How strongly operators bind. `a if c else b` binds least; a sign stands between * and **.
_ELSE, _OR, _AND, _NOT, _COMPARISON, _BAR, _AMPERSAND, _SUM, _PRODUCT, _SIGN, _POWER = (
    range(11)
)


@dataclass(frozen=True)
class _Infix:
    """An operator between two operands: what they are, how strongly it binds, and its node."""

    kind: str  # "number", "comparison" or "condition"
    binds: int
    node: Any


_INFIX: Mapping[str, _Infix] = {
    "+": _Infix("number", _SUM, make.add),
    "-": _Infix("number", _SUM, make.sub),
    "*": _Infix("number", _PRODUCT, make.mul),
    "/": _Infix("number", _PRODUCT, make.div),
    "%": _Infix("number", _PRODUCT, make.mod),
    "**": _Infix("number", _POWER, make.power),
    "<": _Infix("comparison", _COMPARISON, sp.StrictLessThan),
    "<=": _Infix("comparison", _COMPARISON, sp.LessThan),
    ">": _Infix("comparison", _COMPARISON, sp.StrictGreaterThan),
    ">=": _Infix("comparison", _COMPARISON, sp.GreaterThan),
    "==": _Infix("comparison", _COMPARISON, sp.Equality),
    "!=": _Infix("comparison", _COMPARISON, sp.Unequality),
    "and": _Infix("condition", _AND, sp.And),
    "or": _Infix("condition", _OR, sp.Or),
    # As SymPy and NumPy write these. As in Python they bind more than a comparison, which so stands in brackets.
    "&": _Infix("condition", _AMPERSAND, sp.And),
    "|": _Infix("condition", _BAR, sp.Or),
}
#: What stands before its only operand.
_PREFIX = {
    "+": ("sign", _SIGN),
    "-": ("sign", _SIGN),
    "~": ("not", _SIGN),
    "not": ("not", _NOT),
}
#: Names that are no operands.
_KEYWORDS = ("not", "if", "else", "and", "or")
_TRUTHS = {"True": sp.true, "False": sp.false}


@dataclass(slots=True)
class _Pending:
    """An operator, sign, bracket or call whose operands are still being read."""

    kind: str  # "infix", "sign", "not", "if", "else", "bracket", "tuple" or "call"
    text: str
    column: int
    binds: int = -1  # what does not bind at all waits for its bracket
    row: Row | Definition | None = None
    commas: int = 0
    counts: bool = True  # whether it makes the nesting deeper


@dataclass(frozen=True)
class Expression:
    """An expression as read.

    Attributes:
        text: its text on one line, as Python would spell its names.
        expr: the unevaluated SymPy expression.
        columns: where in the text a node stands, by the node.
        notes: what the reader should know, one sentence each.
        variables: where each of its variables first stands, by name.
    """

    text: str
    expr: sp.Expr
    columns: ByNode[int]
    notes: tuple[str, ...]
    variables: Mapping[str, int]


def read_expression(
    text: str, inputs: Container[str], qualified: bool = False, own: Own | None = None
) -> Expression:
    """Read one expression.

    Args:
        text: the expression, on one line.
        inputs: names that are variables whatever else they mean.
        qualified: whether `math.exp` is exp, as in Python code.
        own: the functions of the program around it.

    Raises:
        GradgenError: with the column, and what would be allowed.
    """
    symbols = Symbols(inputs, qualified, own or Own())
    reader = _Reader(text, symbols)
    try:
        expr = reader.read(tokens(text, qualified))
    except GradgenError as error:
        column = reader.here.column if error.column is None else error.column
        raise GradgenError(error.message, text, column) from None
    for start, length, other in reversed(symbols.respelled):
        text = text[:start] + other + text[start + length :]
    text = unicodedata.normalize("NFKC", text.strip())
    if len(text) > MAX_LENGTH:
        raise GradgenError(
            f"the expression has {len(text)} characters; at most {MAX_LENGTH} are allowed"
        )
    places = {name: symbols.places[name][0] for name in symbols.found}
    return Expression(text, expr, reader.yard.columns, tuple(symbols.notes), places)


class _Reader:
    """Dijkstra's shunting yard: no recursion, so no depth of input can overflow the stack."""

    def __init__(self, text: str, symbols: Symbols) -> None:
        self.text = text
        self.symbols = symbols
        self.yard = _Yard(symbols.own.tally)
        #: The columns of brackets that hold nothing but brackets.
        self.redundant: set[int] = set()
        #: The token that is read, and the ones before and behind it.
        self.before = self.here = self.following = Token("", "", 0)

    def read(self, listed: list[Token]) -> sp.Expr:
        """Return what tokens say."""
        self.redundant = redundant(listed)
        operand_next = True
        for token, following in zip(listed, [*listed[1:], listed[-1]]):
            self.before, self.here, self.following = self.here, token, following
            step = self.operand if operand_next else self.operator
            operand_next = step(token)
        return number_of(self.yard.operands.pop(), self.yard.columns)

    # Both take a token and return whether an operand must start behind it.

    def operand(self, token: Token) -> bool:
        """Take a token where an operand must start."""
        kind, text = token.kind, token.text
        if kind == "name" and text not in _KEYWORDS:
            return self.name(token)
        if kind in ("number", "fortran"):
            plain = text if kind == "number" else self.symbols.fortran(token)
            self.yard.push(number(plain), token.column)
            return False
        if text in _PREFIX:
            what, binds = _PREFIX[text]
            self.yard.open(_Pending(what, text, token.column, binds))
        elif kind == "(":
            self.bracket(token)
        else:
            raise GradgenError(_no_operand(token, self.yard.pending))
        return True

    def name(self, token: Token) -> bool:
        """Take the name of a value, or of a function before its arguments."""
        text, symbols = token.text, self.symbols
        if text in _TRUTHS and text not in symbols.inputs:
            self.yard.push(_TRUTHS[text], token.column)
        elif self.following.kind != "(":
            node = symbols.value(token, self.before, self.following)
            self.yard.push(node, token.column)
        else:
            name, row = symbols.called(token)
            self.yard.open(_Pending("call", name, token.column, row=row, commas=-1))
            return True
        return False

    def bracket(self, token: Token) -> None:
        """Take a bracket that opens: that of a call, of a tuple in it, or one around an operand."""
        call = top = self.yard.top
        if top is None or top.kind != "call" or top.commas >= 0:
            form = call is not None and call.kind == "call" and call.row is None
            top = _Pending("tuple" if form else "bracket", "(", token.column)
            top.counts = token.column not in self.redundant
            self.yard.open(top)
        top.commas = 0
        if self.following.kind == ")" and top.kind != "call":
            raise GradgenError("nothing stands between these brackets")
        if self.following.kind == ")":
            wanted = needs(top.text, top.row)
            raise GradgenError(f"{top.text} needs {wanted}; none is given", column=top.column)  # fmt: skip

    def operator(self, token: Token) -> bool:
        """Take a token that follows an operand."""
        kind, text = token.kind, token.text
        infix = _INFIX.get(text)
        if infix is not None:
            right = text == "**"  # x**y**z nests
            self.yard.reduce(infix.binds + right)
            pending = _Pending("infix", text, token.column, infix.binds)
            if right:
                self.yard.open(pending)
            else:
                self.yard.pending.append(pending)
            return True
        if text in ("if", "else"):
            self.choice(token)
            return True
        if kind not in (")", ",", "end"):
            raise GradgenError(_no_operator(self.text, self.before, token))
        self.yard.reduce(_ELSE)
        top = self.yard.top
        if top and top.kind == "if":
            raise GradgenError("this `if` has no `else`; write `a if x > 0 else b`", column=top.column)  # fmt: skip
        if kind == ",":
            self.comma(top)
        elif top is None and kind == ")":
            raise GradgenError("this `)` has no `(`")
        elif top is not None and kind == "end":
            raise GradgenError("this `(` is never closed", column=top.column)
        elif top is not None:
            self.close()
        return kind == ","

    def choice(self, token: Token) -> None:
        """Take the `if` or the `else` of a choice."""
        self.yard.reduce(_OR)
        top = self.yard.top
        inside = top is not None and top.kind == "if"
        if token.text == "if":
            if inside:
                raise GradgenError("a choice inside a condition stands in brackets")
            self.yard.open(_Pending("if", "if", token.column))
        elif top is None or not inside:
            raise GradgenError("this `else` has no `if`")
        else:
            # A chain of choices is long, not deep.
            top.kind, top.binds = "else", _ELSE
            self.yard.depth -= 1

    def comma(self, top: _Pending | None) -> None:
        """Take a comma, which parts the arguments of the call on top."""
        if top is not None and top.kind != "bracket":
            top.commas += 1
            return
        whole, behind = self.before.text, self.following.text
        if whole.isdecimal() and behind.isdecimal():
            raise GradgenError(f"decimals follow a point; write `{whole}.{behind}`")
        raise GradgenError("a comma only separates the arguments of a function; give one expression")  # fmt: skip

    def close(self) -> None:
        """Take the bracket that closes what is on top."""
        closed, args = self.yard.close()
        if not args:
            return
        if closed.kind == "tuple":
            node = make.unevaluated(sp.Tuple, *args)
        else:
            row, columns = closed.row, self.yard.columns
            call = Call(closed.text, row, args, closed.column, columns)
            node = node_of(call, self.symbols.own)
            if row is None and closed.text != "Piecewise":
                for bounds in args[1:]:
                    self.symbols.forget(bounds.args[0].name, closed.column)
        self.yard.push(node, closed.column)


def _no_operand(token: Token, pending: Sequence[_Pending]) -> str:
    """Return what is wrong with a token that starts no operand."""
    if token.kind == "|":
        return HINTS["|"]
    if token.kind == "end":
        return "the expression ends where a number, a name or `(` should follow"
    opened = any(p.kind in ("bracket", "call") for p in pending)
    if token.kind == ")" and not opened:
        return "this `)` has no `(`"
    return f"`{token.text}` stands where a number, a name or `(` should"


def _no_operator(text: str, before: Token, token: Token) -> str:
    """Return what is wrong with a token that does not go on behind an operand."""
    if token.kind == "//":
        return "`//` is not supported (its gradient is zero); write `/` for a quotient, or `floor(x/y)`, which rounds x/y first"
    if token.kind == "~":
        return HINTS["~"]
    return missing_operator(text, before, token)


class _Yard:
    """What is read so far: operands, and the operators and brackets that wait for theirs."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.operands: list[sp.Basic] = []
        self.pending: list[_Pending] = []
        self.columns: ByNode[int] = ByNode()
        #: The last operand of a chain of comparisons, by the chain's node: a < b < c is a < b and b < c.
        self.chains: ByNode[sp.Expr] = ByNode()
        self.depth = 0

    @property
    def top(self) -> _Pending | None:
        """What waits, the last of it."""
        return self.pending[-1] if self.pending else None

    def open(self, pending: _Pending) -> None:
        """Push something that nests, within the published limit."""
        self.depth += pending.counts
        if self.depth > MAX_NESTING:
            raise GradgenError(
                f"the expression is nested more than {MAX_NESTING} levels deep; name its parts",
                column=pending.column,
            )
        self.pending.append(pending)

    def push(self, node: sp.Basic, column: int) -> None:
        """Push an operand, within the published limit."""
        if node.args:
            self.tally.operations += 1
            if self.tally.operations > MAX_OPERATIONS:
                raise GradgenError(
                    f"the expression has more than {MAX_OPERATIONS} operations; split it",
                    column=column,
                )
        if not (node.is_Symbol and node in self.columns):
            self.columns[node] = column
        self.operands.append(node)

    def close(self) -> tuple[_Pending, list[sp.Basic]]:
        """Return the bracket on top, and what stands in it; of one around an operand, that stays."""
        closed = self.pending.pop()
        self.depth -= closed.counts
        if self.chains:
            self.chains.pop(self.operands[-1], None)
        if closed.kind == "bracket" or (closed.kind == "tuple" and not closed.commas):
            return closed, []
        first = len(self.operands) - closed.commas - 1
        args = self.operands[first:]
        del self.operands[first:]
        return closed, args

    def reduce(self, binds: int) -> None:
        """Apply the pending operators that bind at least so strongly."""
        while self.pending and self.pending[-1].binds >= binds:
            top = self.pending.pop()
            if top.kind in ("sign", "not") or top.text == "**":
                self.depth -= 1
            self.push(self.applied(top), top.column)

    def applied(self, top: _Pending) -> sp.Basic:
        """Return the node of an operator and the operands before it."""
        operands, columns = self.operands, self.columns
        last = operands.pop()
        if top.kind == "sign":
            node = number_of(last, columns)
            if top.text == "+":
                return node
            # SymPy's own -0.0 is 0.0, which atan2 tells apart.
            plain = node.is_Number and not (node.is_Float and node.is_zero)
            return -node if plain else make.neg(node)
        if top.kind == "not":
            words = "`not`" if top.text == "not" else IN_BRACKETS["~"]
            return make.unevaluated(sp.Not, condition_of(last, words, top.column))
        first = operands.pop()
        if top.kind == "else":
            value = number_of(operands.pop(), columns)
            condition = condition_of(first, "`if`", top.column)
            return make.choose(condition, value, number_of(last, columns))
        infix = _INFIX[top.text]
        if infix.kind == "number":
            return infix.node(number_of(first, columns), number_of(last, columns))
        if infix.kind == "condition":
            words = IN_BRACKETS.get(top.text, f"`{top.text}`")
            pair = [condition_of(x, words, top.column) for x in (first, last)]
            return make.unevaluated(infix.node, *pair)
        middle = self.chains.get(first)
        left = number_of(first, columns) if middle is None else middle
        node = make.unevaluated(infix.node, left, number_of(last, columns))
        if middle is not None:
            columns[node] = top.column
            node = make.unevaluated(sp.And, first, node)
        self.chains[node] = last
        return node
