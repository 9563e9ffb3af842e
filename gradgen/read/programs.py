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
    FORMS,
    RESPELLED,
    Assignment,
    Formula,
    check_identifier,
    spelled,
)
from gradgen.read.reader import MAX_LENGTH, MAX_PROGRAM, Expression, read_expression
from gradgen.read.statements import (
    Listing,
    Statement,
    canonical,
    in_order,
    is_program,
    plain_line_ends,
    split_docstring,
    split_inputs,
    statements,
)
from gradgen.read.sympy.expand import size, spread, substitute
from gradgen.read.sympy.make import fresh
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
    read = read_expression(text, frozenset(inputs))
    return Formula(read.text, read.expr, read.columns, read.notes)


def _parse_program(
    source: str, inputs: tuple[str, ...], calls: Calls, expand: Container[str]
) -> Formula:
    """Read a program: each name stands for its expression from the next line on."""
    docstring, source = split_docstring(source)
    listings, listed = split_inputs(list(statements(source)))
    listed = in_order(listed)
    if not listed:
        raise GradgenError("the program has no statement; write `name = expression`")
    meanings = _listed(listings)
    variables = tuple(dict.fromkeys((*inputs, *meanings)))
    read, items = _read_statements(listed, variables, calls, expand)
    lists = [("", f"inputs: {', '.join(one.names)}", one.meaning) for one in listings]
    return replace(
        read,
        text=canonical([*lists, *items], docstring),
        docstring=docstring,
        statements=canonical(items),
        inputs=tuple(meanings),
        meanings={name: words for name, words in meanings.items() if words},
    )


def _read_statements(
    listed: list[Statement],
    inputs: tuple[str, ...],
    calls: Calls,
    expand: Container[str],
) -> tuple[Formula, list[tuple[str, str, str]]]:
    """Read what is no list of inputs; return it, and the statements in one form: name, expression and comment."""
    later = {spelled(s.name): s for s in reversed(listed) if s.name and not s.declares}
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
    program = _Program(own, later)
    *before, last = listed
    for statement in before:
        if statement.declares:
            program.declare(statement)
        elif statement.name:
            program.assign(statement)
        else:
            raise statement.fail(
                "a statement is written `name = expression`; only the last may be an expression alone",
                0,
            )
    if last.declares:
        raise last.fail("a program ends with a value, not with a function", 0)
    return program.ended(last), program.items


def _listed(listings: Iterable[Listing]) -> dict[str, str]:
    """Return the inputs that a program lists, each with its meaning, which may be empty."""
    found: dict[str, str] = {}
    for listing in listings:
        statement = listing.statement
        for given in listing.names:
            _checked(statement, given, "the input")
            name = spelled(given)
            if name in found:
                raise statement.fail(
                    f"`{name}` is listed twice", statement.text.rindex(given)
                )
            found[name] = listing.meaning
    return found


class _Program:
    """A program as far as it is read.

    Args:
        own: what its statements have in common.
        later: the first statement that assigns each name.
    """

    def __init__(self, own: Own, later: Mapping[str, Statement]) -> None:
        self.own = own
        self.later = later
        self.variables = frozenset((*own.inputs, *later))
        #: What names stand for, in terms of the inputs.
        self.values: dict[str, sp.Expr] = {}
        #: The statements as they are written, each with the columns of its nodes.
        self.written: list[tuple[ByNode[int], str]] = []
        self.notes: dict[str, None] = {}
        #: The statements in one form: name, expression and comment.
        self.items: list[tuple[str, str, str]] = []
        self.assignments: list[Assignment] = []
        #: The names that nothing has read, with their lines.
        self.unused: dict[str, int] = {}

    def assign(self, statement: Statement) -> None:
        """Read a statement that gives a name to a value."""
        own = self.own
        name = statement.name and self.assigned(statement, statement.name)
        read = _expression(statement, statement.expression, self.variables, own)
        for used, column in read.variables.items():
            if used in self.later and used not in self.values:
                line = self.later[used].line
                raise statement.fail(f"`{used}` is used before line {line} assigns it", column)  # fmt: skip
            self.unused.pop(used, None)
        # A name that stands for a constant leaves no 0 + x and 1*x behind; what is written as such stays.
        expr = made = read.expr
        constants = [own.constants[n] for n in read.variables if n in own.constants]
        if constants:
            expr = substitute(expr, own.constants, tidy="ones")
        if not self.values.keys().isdisjoint(read.variables):
            expr = substitute(expr, self.values, whole=constants)
        self.written.append((read.columns, statement.text))
        self.notes |= dict.fromkeys(read.notes)
        self.items.append((name, read.text, statement.comment))
        fixed = name and all(used in own.constants for used in read.variables)
        if fixed and not any(expr is node for node in constants):
            at = read.columns.get(expr)
            made, expr = substitute(made, own.constants), fresh(expr)
            if at is not None:
                read.columns[expr] = at
        else:  # also a constant's other name
            made = None
        self.assignments.append(
            Assignment(name, expr, statement.comment, made, read.text)
        )
        if name:
            self.values[name] = expr
            own.waiting.pop(name, None)
            if fixed:
                own.constants[name] = expr
            self.unused[name] = statement.line

    def ended(self, last: Statement) -> Formula:
        """Read the last statement; return the program."""
        self.assign(last)
        result = self.assignments[-1]
        self.unused.pop(result.name, None)
        self.goes_on(last)
        return Formula(
            "",
            result.expr,
            ChainMap(*(columns for columns, _ in reversed(self.written))),
            tuple(self.notes),
            tuple(self.assignments),
            tuple(self.written),
            self.unused | self.own.unused,
            tuple(self.own.known.values()),
        )

    def goes_on(self, last: Statement) -> None:
        """Refuse a last line that looks like the rest of the one before.

        Raises:
            GradgenError: it starts with a sign, and nothing needs what the line before assigns.
        """
        start = last.text[last.expression :].lstrip()
        if not last.name and self.unused and start[:1] in "+-":
            name, line = [*self.unused.items()][-1]
            if line == last.line - 1:
                raise last.fail(
                    f"this line does not go on with line {line}, and leaves `{name}` unused; "
                    "put brackets around an expression of several lines",
                    0,
                )

    def declare(self, statement: Statement) -> None:
        """Read a statement that declares a function."""
        head = None if statement.name else read_def(statement)
        given = head.name if head else statement.name
        name = self.assigned(statement, given)
        if name in FORMS or (name in CALLS and not CALLS[name].variable):
            raise statement.fail(
                f"`{name}` is a function already; give yours another name",
                statement.text.index(name),
            )
        if head is None:
            found = _foreign(statement, name, self.own)
        else:
            for param in head.params:
                _checked(statement, param, "the parameter")
            found = self.defined(statement, head)
        self.own.known[name] = found
        self.own.unused[name] = statement.line
        self.items.append(("", found.text, statement.comment))

    def defined(self, statement: Statement, head: Head) -> Definition:
        """Read the body of a `def`, in which earlier functions are written out, and names may stand for constants."""
        own, params = self.own, dict.fromkeys(head.params)
        scope = ChainMap(params, own.constants)
        read = _expression(statement, head.body, scope, replace(own, calls="expand"))
        for used, column in read.variables.items():
            if used not in scope:
                raise statement.fail(
                    f"`{used}` is no parameter of {head.name}; a function reads its parameters and constants alone",
                    column,
                )
            self.unused.pop(used, None)
        self.notes |= dict.fromkeys(read.notes)
        constants = {n: own.constants[n] for n in read.variables if n not in params}
        body = substitute(read.expr, constants)
        listed = ", ".join(head.params)
        shown = f"def {head.name}({listed}): return {read.text}"
        key = ""
        written_out = own.calls == "expand" or head.name in own.expand
        written_out |= len(head.params) > MAX_ARGUMENTS
        # Of a body that shares its parts, the text would be far longer.
        few = size(body) <= MAX_INLINE and spread(body, MAX_SPREAD) <= MAX_SPREAD
        if not written_out and few:
            key = f"{head.name}({listed}), {own.calls}: {sp.srepr(body)}"
        kept = own.calls == "as written"
        return Definition(head.name, head.params, shown, body, key=key, as_written=kept)

    def assigned(self, statement: Statement, given: str) -> str:
        """Return the name that a statement assigns to, checked."""
        column = statement.text.index(given)
        try:
            name = check_identifier(spelled(given), "the name")
            self.own.tally.look(name, given)
        except GradgenError as error:
            raise statement.fail(error.message, column) from None
        if name != unicodedata.normalize("NFKC", given):
            self.notes[RESPELLED] = None
        if name in self.values or name in self.own.known:
            raise statement.fail(
                f"`{name}` is assigned twice; give the second value a name of its own",
                column,
            )
        if name in self.own.inputs:
            raise statement.fail(f"`{name}` is an input; it cannot be assigned", column)
        return name


def _expression(
    statement: Statement, start: int, inputs: Container[str], own: Own
) -> Expression:
    """Read a statement's expression, which starts at a column."""
    text = " " * start + statement.text[start:]
    if not text.strip():
        raise statement.fail("the expression is empty", len(statement.text))
    try:
        return read_expression(text, inputs, True, own)
    except GradgenError as error:
        raise statement.fail(error.message, error.column or 0) from None


def _foreign(statement: Statement, name: str, own: Own) -> Definition:
    """Read a function of another module."""
    found = read_foreign(statement)
    plain = [unicodedata.normalize("NFKC", dotted) for dotted in found.callables]
    if len(plain) > MAX_ARGUMENTS + 1:
        raise statement.fail(
            f"a function has at most {MAX_ARGUMENTS} arguments", statement.expression
        )
    for part in ".".join(plain).split("."):
        _checked(statement, part, "the name")
    return foreign(name, plain, local_names(plain, own.locals))


def _checked(statement: Statement, name: str, what: str) -> None:
    try:
        check_identifier(name, what)
    except GradgenError as error:
        raise statement.fail(error.message, max(0, statement.text.find(name))) from None
