"""A function of a Python file in, as text; what it returns, as formulas and with the shape in which it returns them, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from gradgen.errors import GradgenError
from gradgen.prove.plain import Plain
from gradgen.prove.plain_python import plain_function
from gradgen.read.formula import Assignment
from gradgen.read.programs import parse
from gradgen.read.python.follow.imports import Imports
from gradgen.read.python.function import Function, read_function


@dataclass(frozen=True)
class Claim:
    """A function as formulas.

    Attributes:
        name: what it is called.
        inputs: its parameters, in order.
        formulas: what it returns, one after the other.
        shape: how many values each of its rows holds; empty where it returns no rows.
        named: what its statements give names to, in order.
        function: the same as it was read.
    """

    name: str
    inputs: tuple[str, ...]
    formulas: Sequence[sp.Expr]
    shape: tuple[int, ...]
    named: Sequence[Assignment]
    function: Function

    @property
    def count(self) -> int:
        """How many values it returns."""
        return len(self.formulas)

    def plain(self) -> Plain | None:
        """Return the function as its own syntax tree says; None where that is not known."""
        if self.function.origin is None:
            return None
        read = self.function
        return plain_function(
            self.function.origin,
            self.inputs,
            {},
            read.settled,
            read.ignored,
            read.shapes,
        )


def read_claim(
    text: str,
    name: str,
    means: Mapping[str, str] | None,
    imports: Imports | None = None,
) -> Claim:
    """Read a function.

    Args:
        text: the file.
        name: the function, which may return rows: a list of lists, as a Jacobian is.
        means: what imports mean that are not known.
        imports: the files that are read beside this one, and what else is said of imports.

    Raises:
        GradgenError: it cannot be read, or calls what nothing is known of.
    """
    imports = replace(imports or Imports(), rows=True)
    found = read_function(text, name, means, imports=imports)
    read = parse(found.program, found.inputs, "expand")
    if read.foreign:
        raise GradgenError(
            f"{read.foreign[0]} is not gradgen's, so nothing is known of it"
        )
    formulas = [*read.results(found.outputs)]
    return Claim(name, found.inputs, formulas, found.rows, read.assignments, found)
