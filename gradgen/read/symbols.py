"""A name in an expression in; the variable, the constant or the function that it means there out."""

from __future__ import annotations

from collections.abc import Container

import sympy as sp

from gradgen.core.rows import Row
from gradgen.errors import GradgenError, printable
from gradgen.read.compositions import COMPOSITIONS, meaning
from gradgen.read.definitions import Definition, Own
from gradgen.read.elsewhere import OF_C, function_advice
from gradgen.read.formula import (
    CALLABLE,
    CONSTANTS,
    FORMS,
    NOT_FINITE,
    RESERVED,
    RESPELLED,
    check_identifier,
    spelled,
)
from gradgen.read.sympy.table import CALLS
from gradgen.read.tokens import Token

_LOOKALIKES = ("Pi", "PI", "π")


class Symbols:
    """The names of one expression.

    Args:
        inputs: names that are variables whatever else they mean.
        qualified: whether functions go by `math.exp`, too.
        own: the functions of the program around it.

    Attributes:
        found: the variables, by name.
        places: where each of them stands.
        respelled: what the text says otherwise: from a column, so many letters are these.
        notes: what the reader should know, one sentence each.
    """

    def __init__(self, inputs: Container[str], qualified: bool, own: Own) -> None:
        self.inputs = inputs
        self.qualified = qualified
        self.own = own
        self.found: dict[str, sp.Symbol] = {}
        self.places: dict[str, list[int]] = {}
        self.respelled: list[tuple[int, int, str]] = []
        self.notes: dict[str, None] = {}
        self._names: dict[str, str] = {}
        self._spellings: dict[str, str] = {}

    def value(self, token: Token, before: Token, following: Token) -> sp.Expr:
        """Return the variable or the constant that a name is, with the tokens around it.

        Raises:
            GradgenError: it is neither.
        """
        if token.text == "lambda":
            if following.kind in ("name", "number"):
                raise GradgenError("`lambda` is not supported; a function is declared by `def`")  # fmt: skip
            self.respelled.append((token.column, len(token.text), "lambda_"))
            self.notes[RESPELLED] = None
        name = self.identifier(token)
        if name not in self.inputs or token.qualified:
            note = _note(name, before, following)
            if note:
                self.notes[note] = None
            if name in OF_C:
                return meaning(OF_C[name])
            if name in CONSTANTS:
                return CONSTANTS[name]
            if name in self.own.lines or (name in RESERVED and name in CALLS):
                raise GradgenError(_not_called(name, following))
            if name in NOT_FINITE:
                raise GradgenError(f"`{name}` is not a finite number; list it in the inputs if it is a variable")  # fmt: skip
        self.places.setdefault(name, []).append(token.column)
        symbol = self.found.get(name)
        if symbol is None:
            symbols = self.own.tally.symbols
            if name not in symbols:
                symbols[name] = sp.Symbol(name)
            symbol = self.found[name] = symbols[name]
        return symbol

    def identifier(self, token: Token) -> str:
        """Return a name in the form Python gives it.

        Raises:
            GradgenError: it is no identifier, or looks as another one does.
        """
        text = token.text
        known = self._names.get(text)
        if known is not None:
            return known
        tally = self.own.tally
        name = tally.names.get(text, "")
        if not name:
            name = check_identifier(spelled(text), "the name")
            tally.look(name, text)
            tally.names[text] = name
        before = self._spellings.setdefault(name, text)
        if before != text:
            raise GradgenError(f"`{before}` and `{text}` are the same name to Python; use one spelling")  # fmt: skip
        self._names[text] = name
        return name

    def called(self, token: Token) -> tuple[str, Row | Definition | None]:
        """Return the function that a name before a bracket calls: its name, and its row unless it is a form.

        Raises:
            GradgenError: there is no such function.
        """
        own = self.own
        name = self.identifier(token)
        row = own.known.get(name) or CALLS.get(name) or COMPOSITIONS.get(name)
        if name in own.lines and name not in own.known:
            raise GradgenError(f"`{name}` is called before line {own.lines[name]} declares it")  # fmt: skip
        # Until a line assigns it, and behind a module, a name that is called is the function's.
        value = name in self.inputs and name not in own.waiting
        if (row is not None or name in FORMS) and (not value or token.qualified):
            return name, row
        if name in self.inputs or name in CONSTANTS or len(name) == 1:
            function = ""
            if row is not None and self.qualified:
                function = f", `math.{name}(...)` for the function"
            raise GradgenError(f"`{name}` is not a function here; write `{name}*(...)` for a product{function}")  # fmt: skip
        hint = function_advice(name, CALLABLE)
        raise GradgenError(f"there is no function `{printable(name)[:60]}`; {hint}")

    def fortran(self, token: Token) -> str:
        """Return a number in double precision as Fortran writes it in Python's form.

        Raises:
            GradgenError: its d may be a name.
        """
        mantissa, power = token.text.lower().split("d")
        letter = token.text[len(mantissa)]
        names = letter, letter + power.lstrip("+-")
        self.own.tally.number(token.text, names, self.inputs)
        plain = f"{mantissa}e{power}"
        self.notes[f"`{token.text}` is read as Fortran's {plain}"] = None
        return plain

    def forget(self, index: str, start: int) -> None:
        """Forget the name of a series' index where the series, which starts there, has used it."""
        places = self.places.get(index, [])
        while places and places[-1] >= start:
            places.pop()
        if not places:
            self.found.pop(index, None)


def _note(name: str, before: Token, following: Token) -> str:
    """Return what to tell of a name that may be meant for something else; empty for all others."""
    if name in OF_C:
        return f"`{name}` is read as C's constant {OF_C[name]}; list it in the inputs to make it a variable"
    if name == "E":
        return "`E` is read as Euler's number 2.718...; list it in the inputs to make it a variable"
    if name == "e" and following.kind == "**":
        return "`e` is read as a variable; Euler's number is written `E`, its power `exp(x)`"
    if name in _LOOKALIKES:
        return f"`{name}` is read as a variable; the circle's constant is written `pi`"
    if name == "I" and "*" in (following.kind, before.kind):
        return "`I` is read as a variable; complex numbers are not supported"
    return ""


def _not_called(name: str, following: Token) -> str:
    """Return what to write for a function without its brackets."""
    if following.kind == "**":
        return f"a power of a function follows its argument; write `{name}(x)**2`"
    if following.kind in ("name", "number"):
        return f"the argument of a function stands in brackets; write `{name}({following.text})`"
    return f"`{name}` is a function; write `{name}(...)`, or list it in the inputs"
