"""A function of a Python file in, as text; what it returns, as formulas and with the shape in which it returns them, out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from gradgen.errors import GradgenError
from gradgen.prove.plain import Plain
from gradgen.prove.plain_python import plain_function
from gradgen.read.formula import Assignment
from gradgen.read.programs import parse
from gradgen.read.python.follow.imports import Imports
from gradgen.read.python.function import Function, read_function
from gradgen.syntax import parse_python


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
        settled = self.function.settled
        return plain_function(
            self.function.origin, self.inputs, {}, settled, self.function.ignored
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
    flat, shape = flattened(text, name)
    found = read_function(flat, name, means, imports=imports)
    read = parse(found.program, found.inputs, "expand")
    if read.foreign:
        raise GradgenError(
            f"{read.foreign[0]} is not gradgen's, so nothing is known of it"
        )
    formulas = [*read.results(found.outputs)]
    return Claim(name, found.inputs, formulas, shape, read.assignments, found)


def flattened(text: str, name: str) -> tuple[str, tuple[int, ...]]:
    """Return a file in which a function returns its rows one behind the other, and how many values each holds.

    Brackets become blanks, so that all else stays where it is.
    """
    try:
        module = parse_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text, ()  # which says more where it is read
    functions = [n for n in module.body if isinstance(n, ast.FunctionDef)]
    function = next((f for f in functions if f.name == name), None)
    found = [_rows(node) for node in _returns(function.body if function else [])]
    shapes = {tuple(len(row.elts) for row in rows) for rows in found}
    if len(shapes) != 1 or () in shapes:
        return text, ()
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    for row in (row for rows in found for row in rows):
        _open(lines, row)
    return b"".join(lines).decode(), shapes.pop()


def _returns(statements: Sequence[ast.stmt]) -> Iterator[ast.Return]:
    for node in statements:
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            inner = (n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt))
            yield from _returns([*inner])


def _rows(node: ast.Return) -> Sequence[ast.List | ast.Tuple]:
    """Return the rows that a statement returns; none where it returns something else."""
    value = node.value
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        value = value.args[0]  # as of np.array
    if not isinstance(value, (ast.List, ast.Tuple)):
        return ()
    rows = [row for row in value.elts if isinstance(row, (ast.List, ast.Tuple))]
    starred = any(isinstance(each, ast.Starred) for row in rows for each in row.elts)
    full = len(rows) == len(value.elts) and all(row.elts for row in rows)
    return rows if full and not starred else ()


def _open(lines: list[bytes], row: ast.List | ast.Tuple) -> None:
    """Make blanks of the brackets of a row, and of a comma before the second."""
    assert row.end_lineno is not None and row.end_col_offset is not None
    ends = [
        (row.lineno - 1, row.col_offset),
        (row.end_lineno - 1, row.end_col_offset - 1),
    ]
    if lines[ends[0][0]][ends[0][1] : ends[0][1] + 1] not in (b"[", b"("):
        return  # a tuple without brackets
    for place, column in ends:
        line = lines[place]
        before = line[:column].rstrip()
        if column == ends[1][1] and place == ends[1][0] and before.endswith(b","):
            line = before[:-1].ljust(column) + line[column:]
        lines[place] = line[:column] + b" " + line[column + 1 :]
    if row.end_lineno > row.lineno and not lines[ends[1][0]][: ends[1][1]].strip():
        last = lines[ends[1][0] - 1]
        kept = last.rstrip()
        if kept.endswith(b","):  # `[\n a,\n]`
            lines[ends[1][0] - 1] = kept[:-1] + b" " + last[len(kept) :]
