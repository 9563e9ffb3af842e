"""The text of one expression in; a SymPy expression out, exactly as written. Nothing of the text is ever executed."""

from __future__ import annotations

import difflib
import keyword
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import NoReturn

import sympy as sp
from sympy.logic.boolalg import Boolean

from gradgen import functions as fn
from gradgen.definitions import Definition, Own
from gradgen.errors import GradgenError, printable
from gradgen.expand import MAX_NODES, falling_product, series, size, substitute
from gradgen.formula import CONSTANTS, NOT_FINITE, RESERVED, Formula, check_identifier
from gradgen.hints import (
    HINTS,
    LOOKS,
    MODULES,
    OTHERS,
    PAIRS,
    PREFIX,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    not_meant,
)
from gradgen.nodes import ByNode
from gradgen.ops import CALLS, COMPOSITIONS, Composition, Op

#: Published limits, far above real use.
MAX_LENGTH = 100_000
MAX_NESTING = 100
MAX_OPERATIONS = 20_000
MAX_DIGITS = 400
MAX_ORDER = 150
_LOOKALIKES = ("Pi", "PI", "π")
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<op>\*\*|//|[<>=!]=|[-+*/%<>(),])"
)


@dataclass(frozen=True)
class _Token:
    kind: str  # "number", "name", an operator, or "end"
    text: str
    column: int


#: How strongly operators bind. `a if c else b` binds least; a sign stands between * and **.
_ELSE, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER = range(9)

#: Arithmetic: precedence, right-associativity and node.
_BINARY = {
    "+": (_SUM, False, fn.add),
    "-": (_SUM, False, fn.sub),
    "*": (_PRODUCT, False, fn.mul),
    "/": (_PRODUCT, False, fn.div),
    "%": (_PRODUCT, False, fn.mod),
    "**": (_POWER, True, fn.power),
}
_COMPARE = {
    "<": sp.StrictLessThan,
    "<=": sp.LessThan,
    ">": sp.StrictGreaterThan,
    ">=": sp.GreaterThan,
    "==": sp.Equality,
    "!=": sp.Unequality,
}
_LOGIC = {"and": (_AND, sp.And), "or": (_OR, sp.Or)}
#: Calls whose arguments are tuples.
FORMS = {
    "Piecewise": "pieces such as (x, x > 0), the last of them (y, True)",
    "Sum": "a term and the range of its index, as in Sum(x**k, (k, 0, 10))",
    "Product": "a factor and the range of its index, as in Product(x + k, (k, 0, 10))",
}

#: What a node is: one kind of operand cannot stand for another.
_NUMBER, _CONDITION, _TUPLE = "a number", "a condition", "a tuple"


def _kind(node: sp.Basic) -> str:
    if isinstance(node, sp.Tuple):
        return _TUPLE
    return _CONDITION if isinstance(node, Boolean) and not node.is_Symbol else _NUMBER


@dataclass
class _Pending:
    """An operator, sign, bracket or call whose operands are still being read."""

    kind: str  # "binary", "sign", "not", "if", "else", "bracket", "tuple" or "call"
    text: str
    column: int
    row: Op | Composition | Definition | None = None
    commas: int = 0
    precedence: int = -1  # what does not bind at all waits for its bracket


class Reader:
    """Dijkstra's shunting yard: no recursion, so no depth of input can overflow the stack."""

    def __init__(
        self,
        text: str,
        inputs: frozenset[str],
        qualified: bool = False,
        own: Own | None = None,
    ) -> None:
        self.text = text
        self.qualified = qualified  # whether math.exp is exp, as in Python code
        self.inputs = inputs
        self.own = own or Own()
        self.operands: list[sp.Expr] = []
        self.pending: list[_Pending] = []
        self.columns: ByNode[int] = ByNode()
        self.symbols: dict[str, sp.Symbol] = {}
        self.spellings: dict[str, str] = {}
        self.looks: dict[str, str] = {}
        self.notes: dict[str, None] = {}
        #: The last operand of a chain of comparisons, by the chain's node: a < b < c is a < b and b < c.
        self.chains: ByNode[sp.Expr] = ByNode()
        self.depth = 0
        self.operations = 0
        self.written = 0  # the parts of all series and compositions so far

    def fail(self, message: str, column: int) -> NoReturn:
        raise GradgenError(message, self.text, column)

    # Text to tokens.

    def tokens(self) -> list[_Token]:
        found, position = [], 0
        while position < len(self.text):
            char = self.text[position]
            if char == " ":
                position += 1
                continue
            pair = self.text[position : position + 2]
            if pair in PAIRS:
                self.fail(PAIRS[pair], position)
            prefix = self.qualified and PREFIX.match(self.text, position)
            if prefix:
                module = "math" if prefix[1] == "math" else "numpy"
                refused = not_meant(module, prefix[2])
                if refused:
                    self.fail(refused, position)
                position = prefix.start(2)
            match = _TOKEN.match(self.text, position)
            if match is None:
                self.bad_character(char, position)
            kind = match.lastgroup or ""
            if kind == "name":
                for offset, letter in enumerate(match.group()):
                    if letter in SUPERSCRIPTS or letter in SUBSCRIPTS:
                        self.bad_character(letter, position + offset)
            found.append(
                _Token(match.group() if kind == "op" else kind, match.group(), position)
            )
            position = match.end()
        found.append(_Token("end", "", len(self.text.rstrip())))
        return found

    def bad_character(self, char: str, column: int) -> NoReturn:
        module = re.search(r"(\w+)\.$", self.text[: column + 1])
        called = re.match(r"\.(?:\w+\.)*(\w+)", self.text[column:])
        if module and called and module.group(1) in MODULES:
            self.fail(
                f"functions and constants go by their bare names; write `{called.group(1)}`",
                column,
            )
        if char in HINTS:
            self.fail(HINTS[char], column)
        for script, words in (
            (SUPERSCRIPTS, "a power is written `**{}`, not `{}`"),
            (SUBSCRIPTS, "an index is part of the name; write `{}`, not `{}`"),
        ):
            if char in script:
                run = "".join(takewhile(script.__contains__, self.text[column:]))
                plain = "".join(script[c] for c in run)
                self.fail(words.format(plain, run), column)
        if char in "'\"`":
            self.fail(
                "text in quotes is not a number; only arithmetic and functions are allowed",
                column,
            )
        if char.isprintable():
            self.fail(
                f"unexpected character `{char}`; only names, numbers, + - * / ** ( ) and commas are allowed",
                column,
            )
        self.fail(
            f"unexpected invisible character U+{ord(char):04X}; remove it", column
        )

    # Tokens to expression.

    def parse(self) -> Formula:
        tokens = self.tokens()
        operand_next = True
        for token, following in zip(tokens, [*tokens[1:], tokens[-1]]):
            if operand_next:
                operand_next = self.read_operand(token, following)
            else:
                operand_next = self.read_operator(token, following)
        expr = self.number_of(self.operands.pop())
        text = unicodedata.normalize("NFKC", self.text.strip())
        if len(text) > MAX_LENGTH:
            raise GradgenError(
                f"the expression has {len(text)} characters; at most {MAX_LENGTH} are allowed"
            )
        return Formula(text, expr, self.columns, tuple(self.notes))

    def read_operand(self, token: _Token, following: _Token) -> bool:
        """Take a token where an operand must start; return whether the next one must start an operand too."""
        kind = token.kind
        if kind == "number":
            self.push(self.number(token), token.column)
            return False
        if kind == "name":
            if token.text == "not":
                self.open(_Pending("not", "not", token.column, precedence=_NOT))
                return True
            if token.text in ("if", "else", "and", "or"):
                self.fail(
                    f"`{token.text}` stands where a number, a name or `(` should",
                    token.column,
                )
            if token.text in ("True", "False") and token.text not in self.inputs:
                self.push(sp.true if token.text == "True" else sp.false, token.column)
                return False
            if following.kind == "(" and self.is_call(token):
                return True
            self.push(self.symbol(token, following), token.column)
            return False
        if kind in ("+", "-"):
            self.open(_Pending("sign", kind, token.column, precedence=_SIGN))
            return True
        if kind == "(":
            top = self.pending[-1] if self.pending else None
            if not (top and top.kind == "call" and top.commas < 0):
                form = top is not None and top.kind == "call" and top.row is None
                top = _Pending("tuple" if form else "bracket", "(", token.column)
                self.open(top)
            top.commas = 0
            if following.kind == ")" and top.kind != "call":
                self.fail("nothing stands between these brackets", token.column)
            if following.kind == ")":
                self.fail(f"{top.text} needs {_needs(top)}; none is given", top.column)
            return True
        if kind == "end":
            self.fail(
                "the expression ends where a number, a name or `(` should follow",
                token.column,
            )
        if kind == ")" and not any(p.kind in ("bracket", "call") for p in self.pending):
            self.fail("this `)` has no `(`", token.column)
        self.fail(
            f"`{token.text}` stands where a number, a name or `(` should", token.column
        )

    def read_operator(self, token: _Token, following: _Token) -> bool:
        """Take a token that follows an operand; return whether the next one must start an operand."""
        kind = token.kind
        if kind in _BINARY:
            precedence, right, _ = _BINARY[kind]
            return self.operator("binary", token, precedence, right)
        if kind in _COMPARE:
            return self.operator("comparison", token, _COMPARISON)
        if token.text in _LOGIC:
            return self.operator("logic", token, _LOGIC[token.text][0])
        if token.text == "if":
            self.reduce(_OR)
            if self.pending and self.pending[-1].kind == "if":
                self.fail(
                    "a choice inside a condition stands in brackets", token.column
                )
            self.open(_Pending("if", "if", token.column))
            return True
        if token.text == "else":
            self.reduce(_OR)
            if not self.pending or self.pending[-1].kind != "if":
                self.fail("this `else` has no `if`", token.column)
            top = self.pending[-1]
            # A chain of choices is long, not deep.
            top.kind, top.precedence = "else", _ELSE
            self.depth -= 1
            return True
        if kind in (")", ",", "end"):
            self.reduce(_ELSE)
            if self.pending and self.pending[-1].kind == "if":
                self.fail(
                    "this `if` has no `else`; write `a if x > 0 else b`",
                    self.pending[-1].column,
                )
        if kind == ")":
            if not self.pending:
                self.fail("this `)` has no `(`", token.column)
            closed = self.pending.pop()
            self.depth -= 1
            self.chains.pop(self.operands[-1], None)
            if closed.kind == "call":
                self.call(closed)
            elif closed.commas:
                parts = self.arguments(closed.commas + 1)
                self.push(fn.unevaluated(sp.Tuple, *parts), closed.column)
            return False
        if kind == ",":
            if not self.pending or self.pending[-1].kind == "bracket":
                around = re.search(r"[0-9]+,$", self.text[: token.column + 1])
                if around and following.text.isdecimal():
                    self.fail(
                        f"decimals follow a point; write `{around.group()[:-1]}.{following.text}`",
                        token.column,
                    )
                self.fail(
                    "a comma only separates the arguments of a function; give one expression",
                    token.column,
                )
            self.pending[-1].commas += 1
            return True
        if kind == "end":
            if self.pending:
                self.fail("this `(` is never closed", self.pending[-1].column)
            return False
        if kind == "//":
            self.fail(
                "`//` is not supported (its gradient is zero); write `/` for a quotient, or `floor(x/y)`",
                token.column,
            )
        self.missing_operator(token)

    def missing_operator(self, token: _Token) -> NoReturn:
        before = self.text[: token.column].rstrip()
        left = re.search(r"[\w.]+$|.$", before)
        shown_left = left.group() if left else ""
        if keyword.iskeyword(token.text):
            self.fail(
                f"`{token.text}` is not supported; only + - * / % ** functions, and conditions with < <= > >= == != are allowed",
                token.column,
            )
        if token.text.lower() in ("and", "or", "not", "if", "else"):
            self.fail(
                f"`{token.text}` is written in small letters: `{token.text.lower()}`",
                token.column,
            )
        if (
            token.text.startswith("_")
            and before[-1:].isdigit()
            and before == self.text[: token.column]
        ):
            self.fail("digits are written without separators", token.column)
        if token.text.startswith(".") and before[-1:].isdigit():
            self.fail("this number has two decimal points", token.column)
        if shown_left == "0" and token.text[0] in "xXbBoO" and token.kind == "name":
            self.fail(
                "numbers are decimal; write this one in digits 0 to 9", token.column
            )
        factors = [shown_left, token.text]
        written = "*".join("(...)" if part in ("(", ")") else part for part in factors)
        self.fail(
            f"an operator is missing here; write `{written}` for a product",
            token.column,
        )

    def open(self, pending: _Pending) -> None:
        """Push something that nests, within the published limit."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(
                f"the expression is nested more than {MAX_NESTING} levels deep; name its parts",
                pending.column,
            )
        self.pending.append(pending)

    def push(self, node: sp.Expr, column: int) -> None:
        if node.args:
            self.operations += 1
            if self.operations > MAX_OPERATIONS:
                self.fail(
                    f"the expression has more than {MAX_OPERATIONS} operations; split it",
                    column,
                )
        if not (node.is_Symbol and node in self.columns):
            self.columns[node] = column
        self.operands.append(node)

    def operator(
        self, kind: str, token: _Token, precedence: int, right: bool = False
    ) -> bool:
        """Take an operator between two operands; the next token must start the second."""
        self.reduce(precedence + (1 if right else 0))
        pending = _Pending(kind, token.text, token.column, precedence=precedence)
        if right:  # x**y**z nests
            self.open(pending)
        else:
            self.pending.append(pending)
        return True

    def reduce(self, precedence: int) -> None:
        """Apply the pending operators that bind at least as strongly as `precedence`."""
        while self.pending and self.pending[-1].precedence >= precedence:
            top = self.pending.pop()
            if top.kind in ("sign", "not") or top.text == "**":
                self.depth -= 1
            self.push(self.apply(top), top.column)

    def apply(self, top: _Pending) -> sp.Basic:
        """Return the node of an operator and the operands before it."""
        last = self.operands.pop()
        if top.kind == "sign":
            node = self.number_of(last)
            if top.text == "+":
                return node
            return -node if node.is_Number else fn.neg(node)
        if top.kind == "not":
            return fn.unevaluated(sp.Not, self.condition_of(last, "`not`", top.column))
        first = self.operands.pop()
        if top.kind == "binary":
            node = _BINARY[top.text][2]
            return node(self.number_of(first), self.number_of(last))
        if top.kind == "logic":
            words = f"`{top.text}`"
            return fn.unevaluated(
                _LOGIC[top.text][1],
                self.condition_of(first, words, top.column),
                self.condition_of(last, words, top.column),
            )
        if top.kind == "else":
            value = self.number_of(self.operands.pop())
            condition = self.condition_of(first, "`if`", top.column)
            return fn.choose(condition, value, self.number_of(last))
        middle = self.chains.get(first)
        left = self.number_of(first) if middle is None else middle
        node = fn.unevaluated(_COMPARE[top.text], left, self.number_of(last))
        if middle is not None:
            self.columns[node] = top.column
            node = fn.unevaluated(sp.And, first, node)
        self.chains[node] = last
        return node

    def number_of(self, node: sp.Basic) -> sp.Expr:
        """Return an operand that must be a number."""
        kind = _kind(node)
        if kind == _CONDITION:
            self.fail(
                "a comparison is not a number; choose by it, as in `a if x > 0 else b`",
                self.columns.get(node, 0),
            )
        if kind == _TUPLE:
            self.fail(
                f"brackets with a comma are no number; only {', '.join(FORMS)} take them",
                self.columns.get(node, 0),
            )
        return node

    def condition_of(self, node: sp.Basic, what: str, column: int) -> sp.Basic:
        """Return an operand that must be a condition."""
        if _kind(node) != _CONDITION:
            self.fail(f"{what} needs a condition such as `x > 0`", column)
        return node

    def number(self, token: _Token) -> sp.Expr:
        digits = token.text
        if len(digits) > MAX_DIGITS:
            self.fail(
                f"this number has {len(digits)} characters; at most {MAX_DIGITS} are allowed",
                token.column,
            )
        value = float(digits)
        if math.isinf(value):
            self.fail(
                "this number is too large for a float (the largest is 1.8e308)",
                token.column,
            )
        if value == 0.0 and re.search("[1-9]", re.split("[eE]", digits)[0]):
            self.fail(
                "this number is too small for a float (the smallest is 4.9e-324)",
                token.column,
            )
        return sp.Integer(int(digits)) if digits.isdecimal() else sp.Float(value)

    def symbol(self, token: _Token, following: _Token) -> sp.Expr:
        name = self.identifier(token)
        if name not in self.inputs:
            if name in CONSTANTS:
                if name == "E":
                    self.notes[
                        "`E` is read as Euler's number 2.718...; list it in the inputs to make it a variable"
                    ] = None
                return CONSTANTS[name]
            if name in self.own.lines or (name in RESERVED and name in CALLS):
                self.bare_function(name, token, following)
            if name in NOT_FINITE:
                self.fail(
                    f"`{name}` is not a finite number; list it in the inputs if it is a variable",
                    token.column,
                )
            if name == "e" and following.kind == "**":
                self.notes[
                    "`e` is read as a variable; Euler's number is written `E`, its power `exp(x)`"
                ] = None
            if name in _LOOKALIKES:
                note = f"`{name}` is read as a variable; the circle's constant is written `pi`"
                self.notes[note] = None
        return self.symbols.setdefault(name, sp.Symbol(name))

    def bare_function(self, name: str, token: _Token, following: _Token) -> NoReturn:
        right = f"`{name}` is a function; write `{name}(...)`, or list it in the inputs"
        if following.kind == "**":
            right = f"a power of a function follows its argument; write `{name}(x)**2`"
        elif following.kind in ("name", "number"):
            argument = f"{name}({following.text})"
            right = f"the argument of a function stands in brackets; write `{argument}`"
        self.fail(right, token.column)

    def identifier(self, token: _Token) -> str:
        try:
            name = check_identifier(token.text, "the name")
        except GradgenError as error:
            self.fail(error.message, token.column)
        spelled = self.spellings.setdefault(name, token.text)
        if spelled != token.text:
            self.fail(
                f"`{spelled}` and `{token.text}` are the same name to Python; use one spelling",
                token.column,
            )
        twin = self.looks.setdefault(name.translate(LOOKS), name)
        if twin != name:
            self.fail(
                f"`{twin}` and `{name}` look the same but are of different alphabets; rename one",
                token.column,
            )
        return name

    def is_call(self, token: _Token) -> bool:
        name = self.identifier(token)
        row = self.own.known.get(name) or CALLS.get(name) or COMPOSITIONS.get(name)
        if (row is not None or name in FORMS) and name not in self.inputs:
            self.open(_Pending("call", name, token.column, row, commas=-1))
            return True
        if name in self.own.lines:
            self.fail(
                f"`{name}` is called before line {self.own.lines[name]} declares it",
                token.column,
            )
        if name in self.inputs or name in CONSTANTS or len(name) == 1:
            self.fail(
                f"`{name}` is not a function; write `{name}*(...)` for a product",
                token.column,
            )
        close = _nearest(name)
        hint = (
            f"did you mean `{close}`?"
            if close
            else "`gradgen functions` lists them all"
        )
        self.fail(
            f"there is no function `{printable(name)[:60]}`; {hint}", token.column
        )

    def arguments(self, count: int) -> list[sp.Basic]:
        """Take the last operands."""
        args = self.operands[len(self.operands) - count :]
        del self.operands[len(self.operands) - count :]
        return args

    def call(self, closed: _Pending) -> None:
        row, given = closed.row, closed.commas + 1
        args = self.arguments(given)
        self.operations += max(0, given - 2)  # of a list, two by two
        if row is None:
            form = self.choice if closed.text == "Piecewise" else self.series
            self.push(form(closed, args), closed.column)
            return
        truths = row.truths if isinstance(row, Op) else ()
        if isinstance(row, Op) and row.boolean and row.truths and row.variadic:
            truths = tuple(range(given))
        args = [
            (
                self.condition_of(arg, closed.text, closed.column)
                if place in truths
                else self.number_of(arg)
            )
            for place, arg in enumerate(args)
        ]
        if row.name == "hypot" and given == 3:
            row = CALLS["hypot3"]
        if row.name == "log" and given == 2:
            self.push(_log(*args), closed.column)
            return
        if row.name == "heaviside" and given == 1:
            args, given = [*args, sp.S.Half], 2
        variadic = isinstance(row, Op) and row.variadic
        if given != row.arity and not variadic:
            self.fail(
                f"{closed.text} takes {_needs(closed)}, not {given}", closed.column
            )
        if isinstance(row, Definition):
            self.own.unused.pop(row.name, None)
            node = fn.unevaluated(row.node, *args)
            if row.body is not None and (self.own.calls == "expand" or not row.key):
                node = substitute(row.body, dict(zip(row.params, args)))
                self.wrote(size(row.body), closed)
        elif isinstance(row, Composition):
            node = written_out(row, args)
            self.wrote(
                size(_body(row)) + (3 * 20 if row.name == "binomial" else 0), closed
            )
        elif row.name == "sqrt":
            node = fn.power(args[0], sp.S.Half)
        elif isinstance(row.node, type):
            self.check_whole(row, args, closed)
            node = fn.unevaluated(row.node, *args)
        else:
            node = (fn.choose if row.name == "where" else fn.power)(*args)
        self.push(node, closed.column)

    def check_whole(self, row: Op, args: list[sp.Basic], closed: _Pending) -> None:
        for place in row.whole:
            if args[place].is_Integer and args[place] > MAX_ORDER:
                self.fail(
                    f"the order of {closed.text} is at most {MAX_ORDER}",
                    self.columns.get(args[place], closed.column),
                )
            if not args[place].is_Integer or args[place] < 0:
                self.fail(
                    f"the order of {closed.text} is a whole number, as in {closed.text}(2, x)",
                    self.columns.get(args[place], closed.column),
                )

    def choice(self, closed: _Pending, args: list[sp.Basic]) -> sp.Basic:
        """Return a Piecewise."""
        for arg in args:
            column = self.columns.get(arg, closed.column)
            if _kind(arg) != _TUPLE or len(arg.args) != 2:
                self.fail(f"Piecewise takes {FORMS['Piecewise']}", column)
            self.number_of(arg.args[0])
            self.condition_of(arg.args[1], "a piece", column)
        pieces = [arg.args for arg in args]
        if len(pieces) == 2 and _complementary(pieces[0][1], pieces[1][1]):
            pieces[1] = (pieces[1][0], sp.true)
        if not any(condition == sp.true for _, condition in pieces):
            self.fail(
                "the pieces leave cases open; end with one that holds always, as (x, True)",
                closed.column,
            )
        return fn.pieces(*pieces)

    def series(self, closed: _Pending, args: list[sp.Basic]) -> sp.Basic:
        """Return a Sum or a Product, written out."""
        name = closed.text
        if len(args) < 2:
            self.fail(f"{name} takes {FORMS[name]}", closed.column)
        node = self.number_of(args[0])
        for bounds in args[1:]:
            column = self.columns.get(bounds, closed.column)
            if _kind(bounds) != _TUPLE or len(bounds.args) != 3:
                self.fail(f"{name} takes {FORMS[name]}", column)
            index, low, high = bounds.args
            if not index.is_Symbol:
                self.fail("the index of a series is a name", column)
            try:
                node = series(name, node, index, low, high)
            except GradgenError as error:
                self.fail(error.message, column)
        self.wrote(size(node), closed)
        return node

    def wrote(self, parts: int, closed: _Pending) -> None:
        """Count what series and compositions are written out to."""
        self.written += parts
        if self.written > MAX_NODES:
            self.fail(
                f"the formula so far has more than {MAX_NODES} parts when written out; shorten it",
                closed.column,
            )


def _complementary(one: sp.Basic, other: sp.Basic) -> bool:
    """Return whether these conditions are x < y and x >= y, or the like."""
    opposite = {
        sp.Lt: sp.Ge,
        sp.Ge: sp.Lt,
        sp.Gt: sp.Le,
        sp.Le: sp.Gt,
        sp.Eq: sp.Ne,
        sp.Ne: sp.Eq,
    }
    mirrored = {sp.Lt: sp.Gt, sp.Gt: sp.Lt, sp.Le: sp.Ge, sp.Ge: sp.Le}
    wanted = opposite.get(type(one))
    if type(other) is wanted:
        return bool(one.args == other.args)
    return mirrored.get(type(other)) is wanted and one.args == other.args[::-1]


def _nearest(name: str) -> str | None:
    """Return the function that a name may stand for."""
    known = [*CALLS, *COMPOSITIONS, *FORMS]
    same = {text.lower(): text for text in reversed(known)}
    found = same.get(name.lower()) or OTHERS.get(name) or OTHERS.get(name.lower())
    near = difflib.get_close_matches(name.lower(), same, n=1, cutoff=0.8)
    return found or (same[near[0]] if near else None)


def _log(x: sp.Expr, base: sp.Expr) -> sp.Expr:
    """log(x, b) = log(x)/log(b), by the exact function where the base has one."""
    row = (
        {sp.Integer(2): CALLS["log2"], sp.Integer(10): CALLS["log10"]}.get(base)
        if base.is_Integer
        else None
    )
    if row is not None and isinstance(row.node, type):
        return fn.unevaluated(row.node, x)
    return fn.div(fn.unevaluated(sp.log, x), fn.unevaluated(sp.log, base))


@cache
def _body(composition: Composition) -> sp.Expr:
    return Reader(composition.body, frozenset(composition.params)).parse().expr


def written_out(composition: Composition, args: Sequence[sp.Basic]) -> sp.Expr:
    """Return a composition's body with these arguments."""
    if composition.name == "binomial" and args[1].is_Integer and 0 <= args[1] <= 20:
        return falling_product(args[0], int(args[1]))
    return substitute(_body(composition), dict(zip(composition.params, args)))


def _needs(pending: _Pending) -> str:
    """Return in words what a call takes."""
    row = pending.row
    if row is None:
        return FORMS[pending.text]
    if row.name in ("log", "heaviside"):
        return "1 or 2 arguments"
    if row.name == "hypot":
        return "2 or 3 arguments"
    return "1 argument" if row.arity == 1 else f"{row.arity} arguments"
