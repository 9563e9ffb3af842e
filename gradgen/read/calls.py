"""A call with its arguments in; the node that it stands for out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from gradgen.core.rows import Row
from gradgen.errors import GradgenError
from gradgen.read.compositions import COMPOSITIONS, body_of
from gradgen.read.definitions import Definition, Own
from gradgen.read.formula import FORMS
from gradgen.read.operands import condition_of, number_of
from gradgen.read.sympy import make
from gradgen.read.sympy.expand import MAX_NODES, series, size, substitute, written_out
from gradgen.read.sympy.pieces import leave_nothing
from gradgen.read.sympy.table import CALLS, NODES

#: A published limit, far above real use.
MAX_ORDER = 150


@dataclass(frozen=True)
class Call:
    """A call whose arguments are read.

    Attributes:
        name: what is called, as it is written.
        row: what that is; None for a form, whose arguments are tuples.
        args: the arguments.
        column: where the call stands.
        columns: where its arguments stand.
    """

    name: str
    row: Row | Definition | None
    args: Sequence[sp.Basic]
    column: int
    columns: Mapping[sp.Basic, int]

    def where(self, arg: sp.Basic) -> int:
        """Return where an argument stands."""
        return self.columns.get(arg, self.column)

    def failed(self, message: str) -> GradgenError:
        """Return an error where the call stands."""
        return GradgenError(message, column=self.column)


def needs(name: str, row: Row | Definition | None) -> str:
    """Return in words what a call takes."""
    if row is None:
        return FORMS[name]
    if row.name in ("log", "heaviside"):
        return "1 or 2 arguments"
    if row.name == "hypot":
        return "2 arguments or more"
    if row.name == "logsumexp":
        return "1 argument, or any number"
    return "1 argument" if row.arity == 1 else f"{row.arity} arguments"


def node_of(call: Call, own: Own) -> sp.Basic:
    """Return the node that a call stands for; of what is written out, its parts are counted.

    Raises:
        GradgenError: it does not take such arguments, or too much is written out.
    """
    own.tally.operations += max(0, len(call.args) - 2)  # of a list, two by two
    if call.row is None:
        return _choice(call) if call.name == "Piecewise" else _series(call, own)
    args = _checked(call, call.row)
    if isinstance(call.row, Definition):
        return _own(call, call.row, args, own)
    return _function(call, call.row, args, own)


def _checked(call: Call, row: Row | Definition) -> list[sp.Basic]:
    """Return the arguments where each is a number or a condition as the function wants it."""
    truths: Sequence[int] = row.truths if isinstance(row, Row) else ()
    if isinstance(row, Row) and row.boolean and truths and row.variadic:
        truths = range(len(call.args))
    return [
        (
            condition_of(arg, call.name, call.column)
            if place in truths
            else number_of(arg, call.columns)
        )
        for place, arg in enumerate(call.args)
    ]


def _count(call: Call, row: Row | Definition, args: Sequence[sp.Basic]) -> None:
    """Refuse another number of arguments than a function takes."""
    variadic = isinstance(row, Row) and row.variadic
    if len(args) != row.arity and not variadic:
        raise call.failed(f"{call.name} takes {needs(call.name, call.row)}, not {len(args)}")  # fmt: skip


def _own(
    call: Call, function: Definition, args: Sequence[sp.Basic], own: Own
) -> sp.Basic:
    """Return a call of a function that the program declares, or its body."""
    _count(call, function, args)
    own.unused.pop(function.name, None)
    if function.body is None or (own.calls != "expand" and function.key):
        return make.unevaluated(function.node, *args)
    node = substitute(function.body, dict(zip(function.params, args)))
    _wrote(call, own, size(function.body))
    return node


def _function(call: Call, row: Row, args: list[sp.Basic], own: Own) -> sp.Basic:
    """Return a call of a function of the table, or of one that is written out."""
    if row.name == "hypot":
        # hypot(a, b, c, d, e) = hypot(hypot(a, b, c), d, e)
        while len(args) > 3:
            args = [NODES["hypot3"](*args[:3]), *args[3:]]
        row = CALLS["hypot3"] if len(args) == 3 else row
    if row.name == "log" and len(args) == 2:
        return _log(*args)
    if row.name == "logsumexp" and len(args) > 1:
        row = CALLS["logaddexp"]
    if row.name == "heaviside" and len(args) == 1:
        args = [*args, sp.S.Half]
    _count(call, row, args)
    if row.name in COMPOSITIONS:
        node = written_out(row, args)
        _wrote(call, own, size(body_of(row)) + (3 * 20 if row.name == "binomial" else 0))  # fmt: skip
        return node
    if row.name == "sqrt":
        return make.power(args[0], sp.S.Half)
    known = NODES[row.name]
    if isinstance(known, type):
        _check_whole(call, row, args)
        return make.unevaluated(known, *args)
    return (make.choose if row.name == "where" else make.power)(*args)


def _check_whole(call: Call, row: Row, args: Sequence[sp.Basic]) -> None:
    """Refuse an order that is no whole number, or a large one."""
    for place in row.whole:
        order = args[place]
        message = ""
        if not order.is_Integer or order < 0:
            message = f"the order of {call.name} is a whole number, as in {call.name}(2, x)"  # fmt: skip
        elif order > MAX_ORDER:
            message = f"the order of {call.name} is at most {MAX_ORDER}"
        if message:
            raise GradgenError(message, column=call.where(order))


def _log(x: sp.Expr, base: sp.Expr) -> sp.Expr:
    """log(x, b) = log(x)/log(b), by the exact function where the base has one."""
    exact = {2: "log2", 10: "log10"}.get(int(base)) if base.is_Integer else None
    known = NODES[exact] if exact else None
    if isinstance(known, type):
        return make.unevaluated(known, x)
    return make.div(make.unevaluated(sp.log, x), make.unevaluated(sp.log, base))


def _choice(call: Call) -> sp.Basic:
    """Return a Piecewise."""
    for arg in call.args:
        if not isinstance(arg, sp.Tuple) or len(arg.args) != 2:
            raise GradgenError(f"Piecewise takes {FORMS['Piecewise']}", column=call.where(arg))  # fmt: skip
        number_of(arg.args[0], call.columns)
        condition_of(arg.args[1], "a piece", call.where(arg))
    pieces = [arg.args for arg in call.args]
    if leave_nothing([condition for _, condition in pieces]):
        pieces[-1] = (pieces[-1][0], sp.true)
    if not any(condition == sp.true for _, condition in pieces):
        raise call.failed("the pieces leave cases open; end with one that holds always, as (x, True)")  # fmt: skip
    return make.pieces(*pieces)


def _series(call: Call, own: Own) -> sp.Basic:
    """Return a Sum or a Product, written out."""
    wrong = f"{call.name} takes {FORMS[call.name]}"
    if len(call.args) < 2:
        raise call.failed(wrong)
    node = number_of(call.args[0], call.columns)
    for bounds in call.args[1:]:
        if not isinstance(bounds, sp.Tuple) or len(bounds.args) != 3:
            raise GradgenError(wrong, column=call.where(bounds))
        index, low, high = bounds.args
        if not index.is_Symbol:
            raise GradgenError("the index of a series is a name", column=call.where(bounds))  # fmt: skip
        try:
            node = series(call.name, node, index, low, high)
        except GradgenError as error:
            raise GradgenError(error.message, column=call.where(bounds)) from None
    _wrote(call, own, size(node))
    return node


def _wrote(call: Call, own: Own, parts: int) -> None:
    """Count what series, compositions and functions are written out to."""
    own.tally.written += parts
    if own.tally.written > MAX_NODES:
        raise call.failed(f"the formula so far has more than {MAX_NODES} parts when written out; shorten it")  # fmt: skip
