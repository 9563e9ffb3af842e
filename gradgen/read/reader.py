"""The text of one expression in; a SymPy expression out, exactly as written. Nothing of the text is ever executed."""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import NoReturn

import sympy as sp
from sympy.logic.boolalg import Boolean

from gradgen.core.rows import Row
from gradgen.errors import GradgenError, printable
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.definitions import Definition, Own
from gradgen.read.elsewhere import OF_C, function_advice, module_advice, suffix_advice
from gradgen.read.formula import (
    CONSTANTS,
    NOT_FINITE,
    RESERVED,
    RESPELLED,
    Formula,
    check_identifier,
    spelled,
)
from gradgen.read.hints import HINTS, PAIRS, PREFIX, SUBSCRIPTS, SUPERSCRIPTS, not_meant
from gradgen.read.sympy import functions as fn
from gradgen.read.sympy.expand import (
    MAX_NODES,
    falling_product,
    series,
    size,
    substitute,
)
from gradgen.read.sympy.nodes import ByNode
from gradgen.read.sympy.pieces import leave_nothing
from gradgen.read.sympy.table import CALLS, NODES

#: Published limits, far above real use.
MAX_LENGTH = 100_000
MAX_PROGRAM = 2_000_000
MAX_NESTING = 100
MAX_OPERATIONS = 20_000
MAX_DIGITS = 400
MAX_ORDER = 150
_LOOKALIKES = ("Pi", "PI", "π")
_TOKEN = re.compile(
    r"(?P<fortran>(?:[0-9]+\.[0-9]*|\.[0-9]+)[dD][+-]?[0-9]+(?!\w))"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<op>\*\*|//|[<>=!]=|[-+*/%<>(),&|~])"
)


@dataclass(frozen=True)
class _Token:
    kind: str  # "number", "fortran", "name", an operator, or "end"
    text: str
    column: int
    qualified: bool = False  # whether a module stands before the name


#: How strongly operators bind. `a if c else b` binds least; a sign stands between * and **.
_ELSE, _OR, _AND, _NOT, _COMPARISON, _BAR, _AMPERSAND, _SUM, _PRODUCT, _SIGN, _POWER = (
    range(11)
)

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
#: As SymPy and NumPy write these. As in Python they bind more than a comparison, which so stands in brackets.
_BITS = {"&": (_AMPERSAND, sp.And), "|": (_BAR, sp.Or)}
#: Calls whose arguments are tuples.
FORMS = {
    "Piecewise": "pieces such as (x, x > 0), the last of them (y, True)",
    "Sum": "a term and the range of its index, as in Sum(x**k, (k, 0, 10))",
    "Product": "a factor and the range of its index, as in Product(x + k, (k, 0, 10))",
}

#: What is said where one of them has no condition beside it.
_IN_BRACKETS = {
    "&": "`&` joins conditions in brackets, as in `(x > 0) & (y < 1)`, or write `and`; here it",
    "|": "`|` joins conditions in brackets, as in `(x > 0) | (y < 1)`, or write `or`; here it",
    "~": "`~` stands before a condition in brackets, as in `~(x > 0)`, or write `not`; here it",
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
    row: Row | Definition | None = None
    commas: int = 0
    precedence: int = -1  # what does not bind at all waits for its bracket
    counts: bool = True  # whether it makes the nesting deeper


class Reader:
    """Dijkstra's shunting yard: no recursion, so no depth of input can overflow the stack."""

    def __init__(
        self,
        text: str,
        inputs: Container[str],
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
        self.tally = self.own.tally
        self.symbols: dict[str, sp.Symbol] = {}
        #: Where each symbol stands.
        self.places_of: dict[str, list[int]] = {}
        self.spellings: dict[str, str] = {}
        #: What the text says otherwise: from a column, so many letters are these.
        self.respelled: list[tuple[int, int, str]] = []
        #: The columns of brackets that hold nothing but brackets.
        self.redundant: set[int] = set()
        #: The token that is read, and the one before it.
        self.before = self.here = _Token("", "", 0)
        self.notes: dict[str, None] = {}
        #: The last operand of a chain of comparisons, by the chain's node: a < b < c is a < b and b < c.
        self.chains: ByNode[sp.Expr] = ByNode()
        self.depth = 0

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
            prefix = PREFIX.match(self.text, position)
            # Beside a choice by NumPy's conditions, a formula alone has bare names.
            if prefix and (self.qualified or prefix[2] == "where"):
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
            kind = match.group() if kind == "op" else kind
            found.append(_Token(kind, match.group(), position, bool(prefix)))
            position = match.end()
        found.append(_Token("end", "", len(self.text.rstrip())))
        self.redundant = _redundant(found)
        return found

    def bad_character(self, char: str, column: int) -> NoReturn:
        if char == ".":
            advice = module_advice(
                *_around(self.text, column),
                [*CALLS, *COMPOSITIONS, *FORMS, *CONSTANTS],
            )
            if advice:
                self.fail(advice, column)
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
            self.before, self.here = self.here, token
            if operand_next:
                operand_next = self.read_operand(token, following)
            else:
                operand_next = self.read_operator(token, following)
        expr = self.number_of(self.operands.pop())
        text = self.text
        for start, length, other in reversed(self.respelled):
            text = text[:start] + other + text[start + length :]
        text = unicodedata.normalize("NFKC", text.strip())
        if len(text) > MAX_LENGTH:
            raise GradgenError(
                f"the expression has {len(text)} characters; at most {MAX_LENGTH} are allowed"
            )
        return Formula(text, expr, self.columns, tuple(self.notes))

    def read_operand(self, token: _Token, following: _Token) -> bool:
        """Take a token where an operand must start; return whether the next one must start an operand too."""
        kind = token.kind
        if kind in ("number", "fortran"):
            number = self.number(token) if kind == "number" else self.fortran(token)
            self.push(number, token.column)
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
        if kind == "~":
            self.open(_Pending("not", "~", token.column, precedence=_SIGN))
            return True
        if kind == "|":
            self.fail(HINTS[kind], token.column)
        if kind in ("+", "-"):
            self.open(_Pending("sign", kind, token.column, precedence=_SIGN))
            return True
        if kind == "(":
            top = self.pending[-1] if self.pending else None
            if not (top and top.kind == "call" and top.commas < 0):
                form = top is not None and top.kind == "call" and top.row is None
                top = _Pending("tuple" if form else "bracket", "(", token.column)
                top.counts = token.column not in self.redundant
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
        if kind in _BITS:
            return self.operator("bits", token, _BITS[kind][0])
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
            self.depth -= closed.counts
            self.chains.pop(self.operands[-1], None)
            if closed.kind == "call":
                self.call(closed)
            elif closed.commas:
                parts = self.arguments(closed.commas + 1)
                self.push(fn.unevaluated(sp.Tuple, *parts), closed.column)
            return False
        if kind == ",":
            if not self.pending or self.pending[-1].kind == "bracket":
                whole = self.before.text
                if whole.isdecimal() and following.text.isdecimal():
                    self.fail(
                        f"decimals follow a point; write `{whole}.{following.text}`",
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
        if kind == "~":
            self.fail(HINTS[kind], token.column)
        self.missing_operator(token)

    def missing_operator(self, token: _Token) -> NoReturn:
        before = self.text[: token.column].rstrip()
        shown_left = self.before.text
        beside = before == self.text[: token.column]
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
        if token.text.startswith("_") and self.before.kind == "number" and beside:
            digits = token.text.replace("_", "")
            if not digits[:1].isdigit() and digits:
                self.fail(
                    f"a number has no kind here; write `{shown_left}`", token.column
                )
            kind = ""
            if digits in ("4", "8", "10", "16"):
                kind = f", and without a kind: `{shown_left}`, if this is Fortran's"
            self.fail(f"digits are written without separators{kind}", token.column)
        if token.text.startswith(".") and before[-1:].isdigit():
            self.fail("this number has two decimal points", token.column)
        if shown_left == "0" and token.text[0] in "xXbBoO" and token.kind == "name":
            self.fail(
                "numbers are decimal; write this one in digits 0 to 9", token.column
            )
        if token.text.startswith(".") and shown_left.isidentifier():
            plain = token.text.lstrip(".")
            self.fail(
                f"a name holds no point; write `{shown_left}_{plain}`", token.column
            )
        if token.kind == "name" and beside and self.before.kind == "number":
            advice = suffix_advice(shown_left, token.text, self.text[token.column :])
            if advice:
                self.fail(advice, token.column)
        if self.before.kind == token.kind == "number":
            self.fail(
                "two numbers stand side by side; write digits without spaces, or an operator between",
                token.column,
            )
        factors = [shown_left, token.text]
        written = "*".join("(...)" if part in ("(", ")") else part for part in factors)
        self.fail(
            f"an operator is missing here; write `{written}` for a product",
            token.column,
        )

    def open(self, pending: _Pending) -> None:
        """Push something that nests, within the published limit."""
        self.depth += pending.counts
        if self.depth > MAX_NESTING:
            self.fail(
                f"the expression is nested more than {MAX_NESTING} levels deep; name its parts",
                pending.column,
            )
        self.pending.append(pending)

    def push(self, node: sp.Expr, column: int) -> None:
        if node.args:
            self.tally.operations += 1
            if self.tally.operations > MAX_OPERATIONS:
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
            words = "`not`" if top.text == "not" else _IN_BRACKETS["~"]
            return fn.unevaluated(sp.Not, self.condition_of(last, words, top.column))
        first = self.operands.pop()
        if top.kind == "binary":
            node = _BINARY[top.text][2]
            return node(self.number_of(first), self.number_of(last))
        if top.kind in ("logic", "bits"):
            words = _IN_BRACKETS.get(top.text, f"`{top.text}`")
            return fn.unevaluated(
                {**_LOGIC, **_BITS}[top.text][1],
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
            ends = "" if what in _IN_BRACKETS.values() else " such as `x > 0`"
            self.fail(f"{what} needs a condition{ends}", column)
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

    def fortran(self, token: _Token) -> sp.Expr:
        """Return a number in double precision as Fortran writes it, if its d can be no name."""
        mark = token.text.lower().index("d")
        mantissa, letter, power = (
            token.text[:mark],
            token.text[mark],
            token.text[mark + 1 :],
        )
        names = letter, letter + power.lstrip("+-")
        try:
            self.tally.number(token.text, names, self.inputs)
        except GradgenError as error:
            self.fail(error.message, token.column)
        plain = f"{mantissa}e{power}"
        self.notes[f"`{token.text}` is read as Fortran's {plain}"] = None
        return self.number(_Token("number", plain, token.column))

    def symbol(self, token: _Token, following: _Token) -> sp.Expr:
        if token.text == "lambda":
            if following.kind in ("name", "number"):
                check = "`lambda` is not supported; a function is declared by `def`"
                self.fail(check, token.column)
            self.respelled.append((token.column, len(token.text), "lambda_"))
            self.notes[RESPELLED] = None
        name = self.identifier(token)
        if name not in self.inputs or token.qualified:
            if name in OF_C:
                note = f"`{name}` is read as C's constant {OF_C[name]}; list it in the inputs to make it a variable"
                self.notes[note] = None
                return _constant(name)
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
            if name == "I" and "*" in (following.kind, self.before.kind):
                self.notes[
                    "`I` is read as a variable; complex numbers are not supported"
                ] = None
        self.places_of.setdefault(name, []).append(token.column)
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
            name = check_identifier(spelled(token.text), "the name")
            self.tally.look(name, token.text)
        except GradgenError as error:
            self.fail(error.message, token.column)
        before = self.spellings.setdefault(name, token.text)
        if before != token.text:
            self.fail(
                f"`{before}` and `{token.text}` are the same name to Python; use one spelling",
                token.column,
            )
        return name

    def is_call(self, token: _Token) -> bool:
        name = self.identifier(token)
        row = self.own.known.get(name) or CALLS.get(name) or COMPOSITIONS.get(name)
        if name in self.own.lines and name not in self.own.known:
            self.fail(
                f"`{name}` is called before line {self.own.lines[name]} declares it",
                token.column,
            )
        # Until a line assigns it, and behind a module, a name that is called is the function's.
        value = name in self.inputs and name not in self.own.waiting
        if (row is not None or name in FORMS) and (not value or token.qualified):
            self.open(_Pending("call", name, token.column, row, commas=-1))
            return True
        if name in self.inputs or name in CONSTANTS or len(name) == 1:
            function = f", `math.{name}(...)` for the function" * (row is not None)
            self.fail(
                f"`{name}` is not a function here; write `{name}*(...)` for a product{function * self.qualified}",
                token.column,
            )
        hint = function_advice(name, (*CALLS, *COMPOSITIONS, *FORMS))
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
        self.tally.operations += max(0, given - 2)  # of a list, two by two
        if row is None:
            form = self.choice if closed.text == "Piecewise" else self.series
            self.push(form(closed, args), closed.column)
            return
        table = row if isinstance(row, Row) else None
        truths = table.truths if table else ()
        if table and table.boolean and truths and table.variadic:
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
        if given != row.arity and not (table and table.variadic):
            self.fail(
                f"{closed.text} takes {_needs(closed)}, not {given}", closed.column
            )
        if isinstance(row, Definition):
            self.own.unused.pop(row.name, None)
            node = fn.unevaluated(row.node, *args)
            if row.body is not None and (self.own.calls == "expand" or not row.key):
                node = substitute(row.body, dict(zip(row.params, args)))
                self.wrote(size(row.body), closed)
        elif row.name in COMPOSITIONS:
            node = written_out(row, args)
            self.wrote(
                size(_body(row)) + (3 * 20 if row.name == "binomial" else 0), closed
            )
        elif row.name == "sqrt":
            node = fn.power(args[0], sp.S.Half)
        elif isinstance(known := NODES[row.name], type):
            self.check_whole(row, args, closed)
            node = fn.unevaluated(known, *args)
        else:
            node = (fn.choose if row.name == "where" else fn.power)(*args)
        self.push(node, closed.column)

    def check_whole(self, row: Row, args: list[sp.Basic], closed: _Pending) -> None:
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
        if leave_nothing([condition for _, condition in pieces]):
            pieces[-1] = (pieces[-1][0], sp.true)
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
        for bounds in args[1:]:
            self.bound(bounds.args[0].name, closed.column)
        return node

    def bound(self, index: str, start: int) -> None:
        """Forget the name of a series' index where the series, which starts there, has used it."""
        places = self.places_of.get(index, [])
        while places and places[-1] >= start:
            places.pop()
        if not places:
            self.symbols.pop(index, None)

    def wrote(self, parts: int, closed: _Pending) -> None:
        """Count what series and compositions are written out to."""
        self.tally.written += parts
        if self.tally.written > MAX_NODES:
            self.fail(
                f"the formula so far has more than {MAX_NODES} parts when written out; shorten it",
                closed.column,
            )


def _redundant(tokens: Sequence[_Token]) -> set[int]:
    """Return the columns of the brackets that hold nothing but another pair of brackets."""
    found: set[int] = set()
    ends: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind == "(":
            opened.append(place)
        elif token.kind == ")" and opened:
            start = opened.pop()
            ends[start] = place
            if ends.get(start + 1) == place - 1:
                found.add(tokens[start].column)
    return found


def _word_before(text: str, end: int) -> str:
    """Return the letters, digits and points that end there."""
    start = end
    while start and (text[start - 1] in "._" or text[start - 1].isalnum()):
        start -= 1
    return text[start:end]


def _around(text: str, column: int) -> tuple[str, str]:
    """Return the dotted names before and behind a point."""
    end = column + 1
    while end < len(text) and (text[end] in "._" or text[end].isalnum()):
        end += 1
    return _word_before(text, column), text[column + 1 : end]


@cache
def _constant(name: str) -> sp.Expr:
    return Reader(OF_C[name], ()).parse().expr


def _log(x: sp.Expr, base: sp.Expr) -> sp.Expr:
    """log(x, b) = log(x)/log(b), by the exact function where the base has one."""
    exact = {2: "log2", 10: "log10"}.get(int(base)) if base.is_Integer else None
    known = NODES[exact] if exact else None
    if isinstance(known, type):
        return fn.unevaluated(known, x)
    return fn.div(fn.unevaluated(sp.log, x), fn.unevaluated(sp.log, base))


@cache
def _body(composition: Row) -> sp.Expr:
    assert isinstance(composition.body, str)
    return Reader(composition.body, frozenset(composition.params)).parse().expr


def written_out(composition: Row, args: Sequence[sp.Basic]) -> sp.Expr:
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
