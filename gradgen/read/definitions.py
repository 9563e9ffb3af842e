"""A statement that declares a function of the user's own in; what it says out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import sympy as sp

from gradgen.errors import GradgenError
from gradgen.read.hints import LOOKS
from gradgen.read.statements import Statement

_DEF = re.compile(
    r"def\s+(?P<name>[^\W\d]\w*)\s*\((?P<params>[^()]*)\)\s*(?:->\s*float\s*)?:\s*return\b(?P<body>.*)"
)
_PARAM = re.compile(r"\s*([^\W\d]\w*)\s*(?::\s*float\s*)?")


#: No dotted name has more characters.
_LONGEST = 400


@dataclass(frozen=True, eq=False)
class Definition:
    """A function that a program declares.

    Attributes:
        name: what the program calls it.
        params: its parameters; of a foreign function, as many names as it has derivatives.
        text: the statement in one form.
        body: its value in terms of the parameters; None for a foreign function.
        callables: of a foreign function the dotted names: its own, and one derivative for each argument.
        key: what tells it from every other function: the name of its row and of its SymPy class.
        as_written: whether naive forms in the body stay.
        locals: of a foreign function what the module calls these.
    """

    name: str
    params: tuple[str, ...]
    text: str
    body: sp.Expr | None = None
    callables: tuple[str, ...] = ()
    key: str = ""
    as_written: bool = False
    locals: tuple[str, ...] = ()

    @property
    def arity(self) -> int:
        """The number of arguments."""
        return len(self.params)

    @cached_property
    def node(self) -> Any:
        """The SymPy class of its calls."""
        return sp.Function(self.key)


#: What a call of a function that a program declares becomes: one stage, one whose naive forms stay, or its body's stages.
Calls: TypeAlias = Literal["stage", "as written", "expand"]


def _two_readings(number: str, name: str) -> GradgenError:
    plain = number.lower().replace("d", "e")
    return GradgenError(
        f"`{number}` may be a number of Fortran's, or a product with `{name}`; write `{plain}`, or `*` for a product"
    )


@dataclass
class Tally:
    """What all statements of a program have in common: its operations, the parts of all that was written out, and its names.

    Attributes:
        operations: the operations so far.
        written: the parts of all series, compositions and functions so far.
        looks: the names so far, by what they look like.
        numbers: what would be names in the numbers so far, as the d of Fortran's 1.5d-3 would; by that name, the number.
        names: the names so far, by how they are written.
        symbols: the variables so far, by name.
    """

    operations: int = 0
    written: int = 0
    looks: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, sp.Symbol] = field(default_factory=dict)

    def look(self, name: str, text: str) -> None:
        """Note a name, and how it is written.

        Raises:
            GradgenError: another one looks the same, or could be read out of a number.
        """
        plain = name.isascii() and text.isascii()  # which looks like itself alone
        text = text if plain else unicodedata.normalize("NFKC", text)
        twin = self.looks.setdefault(name if plain else name.translate(LOOKS), text)
        if twin != text:
            why = "look the same but are of different alphabets"
            if "lambda" in (twin, text):
                why = "are one name here, where the first is a keyword"
            raise GradgenError(f"`{twin}` and `{text}` {why}; rename one")
        if name in self.numbers:
            raise _two_readings(self.numbers[name], name)

    def number(self, text: str, names: Sequence[str], inputs: Container[str]) -> None:
        """Note a number in which these names could be read.

        Raises:
            GradgenError: one of them is a name of the formula's, or an input.
        """
        for name in names:
            if name in self.looks or name in inputs:
                raise _two_readings(text, name)
            self.numbers[name] = text


@dataclass
class Own:
    """The functions that a program has declared so far.

    Attributes:
        inputs: the listed inputs, whose names no function may have.
        calls: what calls become.
        expand: the functions whose calls become their bodies in any case.
        lines: the line of every name that is declared anywhere in the program.
        constants: the names so far that stand for constants.
        known: the functions, by name.
        unused: those that nothing has called, with their lines.
        locals: what the module calls foreign functions and their derivatives, with their dotted names.
        waiting: the names of values that no line so far has assigned; called, they are still the functions of that name.
        tally: what all statements count together.
    """

    inputs: tuple[str, ...] = ()
    calls: Calls = "stage"
    expand: Container[str] = ()
    lines: dict[str, int] = field(default_factory=dict)
    constants: dict[str, sp.Expr] = field(default_factory=dict)
    known: dict[str, Definition] = field(default_factory=dict)
    unused: dict[str, int] = field(default_factory=dict)
    locals: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class Head:
    """A `def` before its body is read: its name, its parameters, and where the body starts."""

    name: str
    params: tuple[str, ...]
    body: int


def read_def(statement: Statement) -> Head:
    """Read `def name(x, y): return ...` up to its body.

    Raises:
        GradgenError: it has another form.
    """
    match = _DEF.fullmatch(statement.text)
    if match is None:
        raise statement.fail(
            "a function is written on one line: `def softabs(x): return sqrt(x**2 + 1e-6)`",
            0,
        )
    params = []
    column = match.start("params")
    for text in match["params"].split(","):
        param = _PARAM.fullmatch(text)
        column += len(text) - len(text.lstrip())
        if param is None:
            raise statement.fail(
                "the parameters of a function are names, as in `def f(x, y): return x*y`",
                column,
            )
        if param[1] in params:
            raise statement.fail(f"the parameter `{param[1]}` is given twice", column)
        params.append(param[1])
        column += len(text.lstrip()) + 1
    return Head(match["name"], tuple(params), match.start("body"))


def read_foreign(statement: Statement) -> Definition:
    """Read `name = function(package.module.value, derivative=package.module.slope)`.

    Raises:
        GradgenError: it has another form.
    """
    callables = _callables(statement.text[statement.expression :])
    if not callables:
        raise statement.fail(
            "a function of your own package is declared as in `drag = function(aero.drag, derivative=aero.drag_slope)`; "
            "one of two arguments has derivative=(aero.by_first, aero.by_second)",
            statement.expression,
        )
    for name in callables:
        if "." not in name:
            raise statement.fail(
                f"`{name}` has no module before it; give the name that Python imports, such as `aero.{name}`",
                statement.text.index(name, statement.expression),
            )
    return foreign(statement.name, callables)


def _callables(text: str) -> tuple[str, ...]:
    """Read `function(value, derivative=slope)`, or with slopes in brackets, to its dotted names; empty for another form."""
    head, _, rest = text.partition("(")
    value, _, rest = rest.partition(",")
    keyword, equals, slopes = rest.partition("=")
    slopes = slopes.strip()
    if head.strip() != "function" or keyword.strip() != "derivative":
        return ()
    if not (equals and slopes.endswith(")")):
        return ()
    slopes = slopes[:-1].strip().removesuffix(",").strip()
    if slopes.startswith("(") and slopes.endswith(")"):
        slopes = slopes[1:-1].strip().removesuffix(",")
        listed = slopes.split(",")
    else:
        listed = [slopes]
    if max(map(len, (value, *listed))) > _LONGEST:
        return ()
    names = [[part.strip() for part in one.split(".")] for one in (value, *listed)]
    if not all(part.isidentifier() for name in names for part in name):
        return ()
    return tuple(".".join(name) for name in names)


def foreign(
    name: str, callables: Sequence[str], locals_: Sequence[str] = ()
) -> Definition:
    """Return a foreign function: its dotted name, those of its derivatives, and what the module calls them."""
    value, *slopes = callables
    derivative = slopes[0] if len(slopes) == 1 else f"({', '.join(slopes)})"
    text = f"{name} = function({value}, derivative={derivative})"
    params = tuple(f"arg{place}" for place in range(len(slopes)))
    key = f"{text}, called {', '.join(locals_)}"
    return Definition(
        name, params, text, None, tuple(callables), key=key, locals=tuple(locals_)
    )
