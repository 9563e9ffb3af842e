"""The text of a formula or a program in; its SymPy expressions out, exactly as written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

import sympy as sp

from gradgen.definitions import (
    Calls,
    Definition,
    Head,
    Own,
    declares,
    foreign,
    read_def,
    read_foreign,
)
from gradgen.errors import GradgenError
from gradgen.expand import size, substitute
from gradgen.formula import Assignment, Formula, check_identifier
from gradgen.nodes import ByNode
from gradgen.ops import CALLS, COMPOSITIONS
from gradgen.reader import FORMS, MAX_LENGTH, Reader
from gradgen.statements import (
    Statement,
    canonical,
    is_program,
    split_docstring,
    statements,
)

#: A function of more nodes is not one stage.
MAX_INLINE = 100
#: Nor is one of more arguments.
MAX_ARGUMENTS = 10


def parse(
    source: str,
    inputs: Iterable[str] = (),
    calls: Calls = "stage",
    expand: Container[str] = (),
) -> Formula:
    """Read a formula.

    Args:
        source: the text: numbers, names, + - * / **, brackets, and calls of the table's functions.
        inputs: names that are variables whatever else they mean (`E`, `pi`, `gamma`, a function's name).
        calls: what calls of a program's own functions become.
        expand: the functions whose calls become their bodies' stages in any case.

    Raises:
        GradgenError: with the column, and what would be allowed.
    """
    if len(source) > MAX_LENGTH:
        raise GradgenError(
            f"the expression has {len(source)} characters; at most {MAX_LENGTH} are allowed"
        )
    text = re.sub(r"[\t\r\n]", " ", source)
    if not text.strip():
        raise GradgenError("the expression is empty; write one such as `x*y + sin(x)`")
    if is_program(source):
        return _parse_program(source, tuple(inputs), calls, expand)
    return Reader(text, frozenset(inputs)).parse()


def _parse_program(
    source: str, inputs: tuple[str, ...], calls: Calls, expand: Container[str]
) -> Formula:
    """Read a program: each name stands for its expression from the next line on."""
    docstring, source = split_docstring(source)
    listed = list(statements(source))
    if not listed:
        raise GradgenError("the program has no statement; write `name = expression`")
    later = {s.name: s for s in reversed(listed) if s.name and not declares(s)}
    own = Own(
        inputs, calls, expand, {declares(s): s.line for s in listed if declares(s)}
    )
    values: dict[str, sp.Expr] = {}
    columns: ByNode[int] = ByNode()
    places: ByNode[str] = ByNode()
    notes: dict[str, None] = {}
    items, assignments = [], []
    operations = 0
    unused: dict[str, int] = {}
    for number, statement in enumerate(listed):
        last = number == len(listed) - 1
        if declares(statement):
            if last:
                raise statement.fail(
                    "a program ends with a value, not with a function", 0
                )
            text = _declared(statement, own, values)
            for used in own.read:
                unused.pop(used, None)
            items.append(("", text, statement.comment))
            continue
        if not statement.name and not last:
            raise statement.fail(
                "a statement is written `name = expression`; only the last may be an expression alone",
                0,
            )
        name = statement.name and _assigned(statement, inputs, {**values, **own.known})
        blank = " " * statement.expression
        text = blank + statement.text[statement.expression :]
        reader = Reader(text, frozenset((*inputs, *later)), True, own)
        reader.operations = operations
        if not text.strip():
            raise statement.fail("the expression is empty", len(statement.text))
        try:
            read = reader.parse()
        except GradgenError as error:
            raise statement.fail(error.message, error.column or 0) from None
        operations = reader.operations
        for used, symbol in reader.symbols.items():
            if used in later and used not in values:
                raise statement.fail(
                    f"`{used}` is used before line {later[used].line} assigns it",
                    reader.columns[symbol],
                )
            unused.pop(used, None)
        # A name that stands for a constant leaves no 0 + x and 1*x behind; what is written as such stays.
        expr = substitute(read.expr, own.constants, tidy="ones")
        expr = substitute(expr, values)
        columns.update(reader.columns)
        for node in reader.columns:
            places[node] = statement.text
        notes |= reader.notes
        items.append((name, read.text, statement.comment))
        if name:
            values[name] = expr
            if all(used in own.constants for used in reader.symbols):
                own.constants[name] = expr
            if not last:
                unused[name] = statement.line
            assignments.append(Assignment(name, expr, statement.comment))
    text = canonical(items, docstring)
    unused |= own.unused
    if not name:
        assignments.append(Assignment("", expr, statement.comment))
    return Formula(
        text,
        expr,
        columns,
        tuple(notes),
        tuple(assignments),
        places,
        unused,
        tuple(own.known.values()),
        docstring,
    )


def _declared(statement: Statement, own: Own, values: Mapping[str, sp.Expr]) -> str:
    """Read a statement that declares a function; return it in one form."""
    head = None if statement.name else read_def(statement)
    name = head.name if head else statement.name
    named = replace(statement, name=name)
    _assigned(named, own.inputs, {**values, **own.known})
    if name in CALLS or name in COMPOSITIONS or name in FORMS:
        raise statement.fail(
            f"`{name}` is a function already; give yours another name",
            statement.text.index(name),
        )
    if head is None:
        found = read_foreign(statement)
        plain = [unicodedata.normalize("NFKC", dotted) for dotted in found.callables]
        found = foreign(found.name, plain)
        if found.arity > MAX_ARGUMENTS:
            raise statement.fail(
                f"a function has at most {MAX_ARGUMENTS} arguments",
                statement.expression,
            )
        lasts = {
            name.rpartition(".")[2]: name
            for other in own.known.values()
            for name in other.callables
        }
        if any(lasts.get(n.rpartition(".")[2], n) != n for n in found.callables):
            found = replace(found, qualified=True, key=f"{found.key}, qualified")
        for part in ".".join(found.callables).split("."):
            _checked(statement, part, "the name")
    else:
        for param in head.params:
            _checked(statement, param, "the parameter")
        found = _defined(statement, head, own)
    own.known[name] = found
    own.unused[name] = statement.line
    return found.text


def _checked(statement: Statement, name: str, what: str) -> None:
    try:
        check_identifier(name, what)
    except GradgenError as error:
        raise statement.fail(error.message, max(0, statement.text.find(name))) from None


def _defined(statement: Statement, head: Head, own: Own) -> Definition:
    """Read the body of a `def`, in which earlier functions are written out, and names may stand for constants."""
    blank = " " * head.body
    text = blank + statement.text[head.body :]
    constants = {n: v for n, v in own.constants.items() if n not in head.params}
    inner = replace(own, calls="expand")
    reader = Reader(text, frozenset((*head.params, *constants)), True, inner)
    if not text.strip():
        raise statement.fail("the expression is empty", len(statement.text))
    try:
        read = reader.parse()
        for used, symbol in reader.symbols.items():
            if used not in head.params and used not in constants:
                reader.fail(
                    f"`{used}` is no parameter of {head.name}; a function reads its parameters and constants alone",
                    reader.columns[symbol],
                )
    except GradgenError as error:
        raise statement.fail(error.message, error.column or 0) from None
    own.read |= reader.symbols.keys()
    params = ", ".join(head.params)
    shown = f"def {head.name}({params}): return {read.text}"
    body = substitute(read.expr, constants)
    key = ""
    written_out = own.calls == "expand" or head.name in own.expand
    written_out |= len(head.params) > MAX_ARGUMENTS
    if not written_out and size(body) <= MAX_INLINE:
        key = f"{head.name}({params}), {own.calls}: {sp.srepr(body)}"
    kept = own.calls == "as written"
    return Definition(head.name, head.params, shown, body, key=key, as_written=kept)


def _assigned(
    statement: Statement, inputs: Iterable[str], values: Mapping[str, sp.Expr]
) -> str:
    """Return the name that a statement assigns to, checked."""
    column = statement.text.index(statement.name)
    try:
        name = check_identifier(statement.name, "the name")
    except GradgenError as error:
        raise statement.fail(error.message, column) from None
    if name in values:
        raise statement.fail(
            f"`{name}` is assigned twice; give the second value a name of its own",
            column,
        )
    if name in inputs:
        raise statement.fail(f"`{name}` is an input; it cannot be assigned", column)
    return name
