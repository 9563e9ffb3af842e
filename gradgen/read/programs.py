"""The text of a formula or a program in; its SymPy expressions out, exactly as written."""

from __future__ import annotations

import re
import unicodedata
from collections import ChainMap
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

import sympy as sp

from gradgen.errors import GradgenError
from gradgen.read.definitions import (
    Calls,
    Definition,
    Head,
    Own,
    foreign,
    read_def,
    read_foreign,
)
from gradgen.read.formula import (
    RESPELLED,
    Assignment,
    Formula,
    check_identifier,
    spelled,
)
from gradgen.read.reader import FORMS, MAX_LENGTH, MAX_PROGRAM, Reader
from gradgen.read.statements import (
    Statement,
    canonical,
    in_order,
    is_program,
    plain_line_ends,
    split_docstring,
    statements,
)
from gradgen.read.sympy.expand import size, spread, substitute
from gradgen.read.sympy.nodes import ByNode
from gradgen.read.sympy.table import CALLS
from gradgen.reserved import local_names

#: How many functions a program may declare.
MAX_FUNCTIONS = 2000
#: A function of more nodes is not one stage.
MAX_INLINE = 100
#: Nor is one of more arguments.
MAX_ARGUMENTS = 10
#: Nor is one whose text would have more parts than this, where one part stands in several places.
MAX_SPREAD = 400


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
    source = plain_line_ends(source)
    if len(source) > MAX_PROGRAM:
        raise GradgenError(
            f"the text has {len(source)} characters; at most {MAX_PROGRAM} are allowed"
        )
    if is_program(source):
        return _parse_program(source, tuple(inputs), calls, expand)
    if len(source) > MAX_LENGTH:
        raise GradgenError(
            f"the expression has {len(source)} characters; at most {MAX_LENGTH} are allowed"
        )
    # A semicolon may end a program's last statement, and so a formula.
    text = re.sub(r"#[^\n]*|[\t\n]", " ", source).rstrip(" ;")
    if not text:
        raise GradgenError("the expression is empty; write one such as `x*y + sin(x)`")
    return Reader(text, frozenset(inputs)).parse()


def _parse_program(
    source: str, inputs: tuple[str, ...], calls: Calls, expand: Container[str]
) -> Formula:
    """Read a program: each name stands for its expression from the next line on."""
    docstring, source = split_docstring(source)
    listed = in_order(list(statements(source)))
    if not listed:
        raise GradgenError("the program has no statement; write `name = expression`")
    later = {spelled(s.name): s for s in reversed(listed) if s.name and not s.declares}
    variables = frozenset((*inputs, *later))
    own = Own(
        inputs,
        calls,
        expand,
        {spelled(s.declares): s.line for s in listed if s.declares},
        waiting={name: s.line for name, s in later.items() if name not in inputs},
    )
    functions = [s for s in listed if s.declares]
    if len(functions) > MAX_FUNCTIONS:
        raise functions[MAX_FUNCTIONS].fail(
            f"a program declares at most {MAX_FUNCTIONS} functions", 0
        )
    values: dict[str, sp.Expr] = {}
    columns: ByNode[int] = ByNode()
    places: ByNode[str] = ByNode()
    notes: dict[str, None] = {}
    items, assignments = [], []
    unused: dict[str, int] = {}
    for number, statement in enumerate(listed):
        last = number == len(listed) - 1
        if statement.declares:
            if last:
                raise statement.fail(
                    "a program ends with a value, not with a function", 0
                )
            own.read.clear()
            text = _declared(statement, own, values, notes)
            for used in own.read:
                unused.pop(used, None)
            items.append(("", text, statement.comment))
            continue
        if not statement.name and not last:
            raise statement.fail(
                "a statement is written `name = expression`; only the last may be an expression alone",
                0,
            )
        name = statement.name and _assigned(statement, own, values, notes)
        blank = " " * statement.expression
        text = blank + statement.text[statement.expression :]
        reader = Reader(text, variables, True, own)
        if not text.strip():
            raise statement.fail("the expression is empty", len(statement.text))
        try:
            read = reader.parse()
        except GradgenError as error:
            raise statement.fail(error.message, error.column or 0) from None
        for used in reader.symbols:
            if used in later and used not in values:
                raise statement.fail(
                    f"`{used}` is used before line {later[used].line} assigns it",
                    reader.places_of[used][0],
                )
            unused.pop(used, None)
        # A name that stands for a constant leaves no 0 + x and 1*x behind; what is written as such stays.
        expr = substitute(read.expr, own.constants, tidy="ones")
        constants = (own.constants[n] for n in reader.symbols if n in own.constants)
        expr = substitute(expr, values, whole=constants)
        columns.update(reader.columns)
        for node in reader.columns:
            places[node] = statement.text
        notes |= reader.notes
        items.append((name, read.text, statement.comment))
        _goes_on(statement, unused)
        if name:
            values[name] = expr
            own.waiting.pop(name, None)
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


def _goes_on(statement: Statement, unused: Mapping[str, int]) -> None:
    """Refuse a last line that looks like the rest of the one before.

    Raises:
        GradgenError: it starts with a sign, and nothing needs what the line before assigns.
    """
    start = statement.text[statement.expression :].lstrip()
    if not statement.name and unused and start[:1] in "+-":
        name, line = [*unused.items()][-1]
        if line == statement.line - 1:
            raise statement.fail(
                f"this line does not go on with line {line}, and leaves `{name}` unused; "
                "put brackets around an expression of several lines",
                0,
            )


def _declared(
    statement: Statement,
    own: Own,
    values: Mapping[str, sp.Expr],
    notes: dict[str, None],
) -> str:
    """Read a statement that declares a function; return it in one form."""
    head = None if statement.name else read_def(statement)
    name = head.name if head else statement.name
    name = _assigned(replace(statement, name=name), own, values, notes)
    if name in FORMS or (name in CALLS and not CALLS[name].variable):
        raise statement.fail(
            f"`{name}` is a function already; give yours another name",
            statement.text.index(name),
        )
    if head is None:
        found = read_foreign(statement)
        plain = [unicodedata.normalize("NFKC", dotted) for dotted in found.callables]
        if len(plain) > MAX_ARGUMENTS + 1:
            raise statement.fail(
                f"a function has at most {MAX_ARGUMENTS} arguments",
                statement.expression,
            )
        for part in ".".join(plain).split("."):
            _checked(statement, part, "the name")
        found = foreign(name, plain, local_names(plain, own.locals))
    else:
        for param in head.params:
            _checked(statement, param, "the parameter")
        found = _defined(statement, head, own, notes)
    own.known[name] = found
    own.unused[name] = statement.line
    return found.text


def _checked(statement: Statement, name: str, what: str) -> None:
    try:
        check_identifier(name, what)
    except GradgenError as error:
        raise statement.fail(error.message, max(0, statement.text.find(name))) from None


def _defined(
    statement: Statement, head: Head, own: Own, notes: dict[str, None]
) -> Definition:
    """Read the body of a `def`, in which earlier functions are written out, and names may stand for constants."""
    blank = " " * head.body
    text = blank + statement.text[head.body :]
    params = dict.fromkeys(head.params)
    inner = replace(own, calls="expand")
    reader = Reader(text, ChainMap(params, own.constants), True, inner)
    if not text.strip():
        raise statement.fail("the expression is empty", len(statement.text))
    try:
        read = reader.parse()
        for used in reader.symbols:
            if used not in params and used not in own.constants:
                reader.fail(
                    f"`{used}` is no parameter of {head.name}; a function reads its parameters and constants alone",
                    reader.places_of[used][0],
                )
    except GradgenError as error:
        raise statement.fail(error.message, error.column or 0) from None
    notes |= reader.notes
    own.read |= reader.symbols.keys()
    constants = {n: own.constants[n] for n in reader.symbols if n not in params}
    body = substitute(read.expr, constants)
    listed = ", ".join(head.params)
    shown = f"def {head.name}({listed}): return {read.text}"
    key = ""
    written_out = own.calls == "expand" or head.name in own.expand
    written_out |= len(head.params) > MAX_ARGUMENTS
    # Of a body that shares its parts, the text would be far longer.
    if not written_out and size(body) <= MAX_INLINE and spread(body) <= MAX_SPREAD:
        key = f"{head.name}({listed}), {own.calls}: {sp.srepr(body)}"
    kept = own.calls == "as written"
    return Definition(head.name, head.params, shown, body, key=key, as_written=kept)


def _assigned(
    statement: Statement,
    own: Own,
    values: Mapping[str, sp.Expr],
    notes: dict[str, None],
) -> str:
    """Return the name that a statement assigns to, checked."""
    column = statement.text.index(statement.name)
    try:
        name = check_identifier(spelled(statement.name), "the name")
        own.tally.look(name, statement.name)
    except GradgenError as error:
        raise statement.fail(error.message, column) from None
    if name != unicodedata.normalize("NFKC", statement.name):
        notes[RESPELLED] = None
    if name in values or name in own.known:
        raise statement.fail(
            f"`{name}` is assigned twice; give the second value a name of its own",
            column,
        )
    if name in own.inputs:
        raise statement.fail(f"`{name}` is an input; it cannot be assigned", column)
    return name
