"""A statement that declares a function of the user's own in; what it says out."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import sympy as sp

from gradgen.statements import Statement

_DEF = re.compile(
    r"def\s+(?P<name>[^\W\d]\w*)\s*\((?P<params>[^()]*)\)\s*(?:->\s*float\s*)?:\s*return\b(?P<body>.*)"
)
_PARAM = re.compile(r"\s*([^\W\d]\w*)\s*(?::\s*float\s*)?")
_DOTTED = r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*"
_FOREIGN = re.compile(
    rf"function\s*\(\s*(?P<value>{_DOTTED})\s*,\s*derivative\s*=\s*"
    rf"(?P<slopes>{_DOTTED}|\(\s*{_DOTTED}(?:\s*,\s*{_DOTTED})*\s*,?\s*\))\s*,?\s*\)\s*"
)


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
        qualified: whether the module calls a foreign function by its whole dotted name, as its last part is taken.
    """

    name: str
    params: tuple[str, ...]
    text: str
    body: sp.Expr | None = None
    callables: tuple[str, ...] = ()
    key: str = ""
    as_written: bool = False
    qualified: bool = False

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


@dataclass
class Own:
    """The functions that a program has declared so far.

    Attributes:
        inputs: the listed inputs, whose names no function may have.
        calls: what calls become.
        expand: the functions whose calls become their bodies in any case.
        lines: the line of every name that is declared anywhere in the program.
        constants: the names so far that stand for constants.
        read: those that a function reads.
        known: the functions, by name.
        unused: those that nothing has called, with their lines.
    """

    inputs: tuple[str, ...] = ()
    calls: Calls = "stage"
    expand: Container[str] = ()
    lines: dict[str, int] = field(default_factory=dict)
    constants: dict[str, sp.Expr] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    known: dict[str, Definition] = field(default_factory=dict)
    unused: dict[str, int] = field(default_factory=dict)


def declares(statement: Statement) -> str:
    """Return the name of the function that a statement declares; empty where it declares none."""
    head = re.match(r"def\b\s*(\w*)", statement.text)
    if head is not None:
        return head[1] or "def"
    expression = statement.text[statement.expression :].strip()
    return statement.name if re.match(r"function\s*\(", expression) else ""


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
    text = statement.text[statement.expression :]
    match = _FOREIGN.fullmatch(text.strip())
    if match is None:
        raise statement.fail(
            "a function of your own package is declared as in `drag = function(aero.drag, derivative=aero.drag_slope)`; "
            "one of two arguments has derivative=(aero.by_first, aero.by_second)",
            statement.expression,
        )
    slopes = match["slopes"].strip("() ").rstrip(", ").split(",")
    callables = tuple(re.sub(r"\s", "", name) for name in (match["value"], *slopes))
    for name in callables:
        if "." not in name:
            raise statement.fail(
                f"`{name}` has no module before it; give the name that Python imports, such as `aero.{name}`",
                statement.text.index(name, statement.expression),
            )
    return foreign(statement.name, callables)


def foreign(name: str, callables: Sequence[str]) -> Definition:
    """Return a foreign function: its dotted name, and those of its derivatives."""
    value, *slopes = callables
    derivative = slopes[0] if len(slopes) == 1 else f"({', '.join(slopes)})"
    text = f"{name} = function({value}, derivative={derivative})"
    params = tuple(f"arg{place}" for place in range(len(slopes)))
    return Definition(name, params, text, None, tuple(callables), key=text)
