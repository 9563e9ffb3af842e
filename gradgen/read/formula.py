"""What a formula is once it is read, and which names it may use."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sympy as sp

from gradgen.core.program import Program
from gradgen.core.rows import NAMED
from gradgen.errors import GradgenError, printable
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.definitions import Definition
from gradgen.read.elsewhere import OF_C
from gradgen.read.hints import INVISIBLE, LOOKS
from gradgen.read.sympy.nodes import ByNode
from gradgen.read.sympy.table import CALLS

CONSTANTS: Mapping[str, sp.Expr] = {
    "pi": sp.pi,
    "E": sp.E,
    **{name: getattr(sp, name) for name in NAMED},
}
#: Calls whose arguments are tuples, with what they take.
FORMS: Mapping[str, str] = {
    "Piecewise": "pieces such as (x, x > 0), the last of them (y, True)",
    "Sum": "a term and the range of its index, as in Sum(x**k, (k, 0, 10))",
    "Product": "a factor and the range of its index, as in Product(x + k, (k, 0, 10))",
}
#: All that a formula may call.
CALLABLE = (*CALLS, *COMPOSITIONS, *FORMS)
#: No name has more characters.
_LONGEST = 200
NOT_FINITE = ("inf", "nan", "oo", "zoo")
#: Names that are variables only where the inputs list them.
RESERVED = frozenset(
    (
        *CONSTANTS,
        *OF_C,
        *(name for name, row in CALLS.items() if not row.variable),
        *NOT_FINITE,
    )
)


@dataclass(frozen=True)
class Assignment:
    """A name that a program gives to a value, in terms of the inputs, and the comment beside it.

    Of a constant that is told from all others by its node, `made` is what it is made of, and `text` what it is as written.
    """

    name: str
    expr: sp.Expr
    comment: str
    made: sp.Expr | None = None
    text: str = ""


@dataclass(frozen=True)
class Formula:
    """A formula as read.

    Attributes:
        text: its text on one line; empty for an expression that was no text.
        expr: the unevaluated SymPy expression.
        columns: where in the text a node stands, by the node.
        notes: what the reader should know, one sentence each.
        assignments: for a program, what it assigns, in order; `expr` is the result in terms of the inputs.
        written: for a program, its statements, each with the columns of its nodes.
        unused: the names that no later statement reads, with their lines.
        functions: what a program declares, in order.
        docstring: what a program says about itself, its paragraphs apart.
        statements: the text of a program without what it says about itself and its inputs.
        inputs: the inputs that a program lists, in order.
        meanings: what it says of them, by name.
        staged: of an expression whose text was written and not read, the program that it was written of.
    """

    text: str
    expr: sp.Expr
    columns: Mapping[sp.Basic, int] = field(default_factory=ByNode)
    notes: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    written: tuple[tuple[Mapping[sp.Basic, int], str], ...] = ()
    unused: Mapping[str, int] = field(default_factory=dict)
    functions: tuple[Definition, ...] = ()
    docstring: str = ""
    statements: str = ""
    inputs: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    staged: Program | None = None

    @property
    def shown(self) -> str:
        """What it computes, as it was written: of a program, its statements, one a line."""
        return self.statements or self.text

    @property
    def foreign(self) -> tuple[str, ...]:
        """The dotted names of the functions that it calls in other modules."""
        return tuple(d.callables[0] for d in self.functions if d.body is None)

    def result(self, name: str) -> sp.Expr:
        """Return what a name stands for in a program; of a formula, the formula."""
        return next(self.results([name]))

    def results(self, names: Iterable[str] | None) -> Iterator[sp.Expr]:
        """Yield what each of several names stands for; without names the result alone."""
        named = {assignment.name: assignment.expr for assignment in self.assignments}
        return (named.get(name, self.expr) for name in names or ("",))


#: The keyword that is a name in most formulas that hold it.
RESPELLED = "`lambda` is a keyword of Python; it is called `lambda_` here"


def spelled(name: str) -> str:
    """Return a name in the form Python gives it (NFKC), and `lambda` as `lambda_`."""
    plain = name if name.isascii() else unicodedata.normalize("NFKC", name)
    return "lambda_" if plain == "lambda" else plain


def check_identifier(name: str, what: str) -> str:
    """Return `name` in the form Python gives it (NFKC).

    Raises:
        GradgenError: it is no identifier, a keyword, or starts with two underscores.
    """
    usual = name.isascii() and name.isidentifier() and len(name) <= _LONGEST
    if usual and not (keyword.iskeyword(name) or name.startswith("__")):
        return name
    shown = printable(name)[:60]
    plain = unicodedata.normalize("NFKC", name)
    if not plain.isidentifier():
        raise GradgenError(
            f"{what} `{shown}` is not a name; use letters, digits and underscores"
        )
    if keyword.iskeyword(plain) or plain == "__debug__":
        raise GradgenError(f"{what} `{shown}` is a Python keyword; write `{plain}_`")
    if plain.startswith("__"):
        raise GradgenError(
            f"{what} `{shown}` starts with two underscores; write `{plain.lstrip('_') or 'x'}`"
        )
    if any(c in INVISIBLE for c in plain):
        raise GradgenError(
            f"{what} `{shown}` holds an invisible character; leave it out"
        )
    scripts = {unicodedata.name(c, "").split(" ")[0] for c in plain if ord(c) > 127}
    if "CYRILLIC" in scripts and re.search("[A-Za-z]", plain):
        raise GradgenError(
            f"{what} `{shown}` mixes Latin and Cyrillic letters, which look the same; use one alphabet"
        )
    if len(plain) > _LONGEST:
        raise GradgenError(
            f"{what} `{shown}...` is too long; at most {_LONGEST} characters are allowed"
        )
    return plain


def look_apart(names: Iterable[str]) -> None:
    """Hold the names of a module's inputs and results to differ to the eye.

    Raises:
        GradgenError: two of them look the same.
    """
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(name.translate(LOOKS), name)
        if twin != name:
            raise GradgenError(
                f"`{twin}` and `{name}` look the same but are of different alphabets; rename one"
            )
