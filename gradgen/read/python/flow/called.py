"""A call of one of the file's functions in; its value out, after its statements."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradgen.read.python.bound import Helper, Inner, omitted
from gradgen.read.python.draft import MAX_STATEMENTS
from gradgen.read.python.expression import translate
from gradgen.read.python.flow.statements import check_given, ends_once
from gradgen.read.python.flow.ways import edges, put_together, without_edges
from gradgen.read.python.parameters import parameters, starred
from gradgen.read.python.simpler.first_lines import BY_NAME
from gradgen.read.python.terms.value import Value
from gradgen.read.python.values import Scope

if TYPE_CHECKING:
    from gradgen.read.python.flow.body import Body

#: Published limit: how deep functions call each other.
MAX_CALLS = 20
_TOO_MANY = f"functions are called more than {MAX_STATEMENTS} times, all together"


def called(
    body: Body,
    found: Helper | Inner,
    args: list[Value],
    named: Mapping[str, Value],
    node: ast.AST,
    scope: Scope,
    sure: bool,
) -> Value:
    """Add the statements of a function that is called; return its value.

    Where Python comes to the call in any case, the function around it ends where this one raises, whatever reads the value.
    """
    body.depth += 1
    body.calls += 1
    if body.calls > MAX_STATEMENTS:
        raise scope.fail(_TOO_MANY, node)
    if body.depth > MAX_CALLS:
        raise scope.fail(f"functions call each other more than {MAX_CALLS} deep", node)
    cells, here, before = body.draft.cells, body.draft.at, body.raised()
    helper = found if isinstance(found, Helper) else found.helper
    around_it = cells.enter(sure and body.whole is node and ends_once(helper.function))
    values = _given(body, found, helper, args, named, node, scope)
    around = None if isinstance(found, Helper) else found.around
    prefix = f"{helper.function.name}_"
    end, first = body.read(helper, values, prefix, around)
    body.raising = before
    left = without_edges(end) if sure else None
    if left is not None:
        body.raising += edges(end)
        end = left
    results = body.results(end, len(first.values), prefix)
    result = put_together(iter(results), first.form)
    for each in results:
        body.draft.count(each)
    body.draft.at = here
    body.depth -= 1
    cells.frame, cells.open = around_it
    return result


def _given(
    body: Body,
    found: Helper | Inner,
    helper: Helper,
    args: list[Value],
    named: Mapping[str, Value],
    node: ast.AST,
    scope: Scope,
) -> dict[str, Value]:
    """Return what the parameters of a function are in a call."""
    params = parameters(helper, body.constants.ignored, helper is not body.helper)
    first = helper.function.args
    placed = [arg.arg for arg in first.args if arg.type_comment != BY_NAME]
    more = args[len(placed) :] if first.vararg is not None else []
    others = {n: v for n, v in named.items() if n not in params} if first.kwarg else {}
    args = args[: len(args) - len(more)]
    named = {n: v for n, v in named.items() if n not in others}
    given = {**dict(zip(placed, args)), **named}
    if isinstance(found, Inner):
        given = {**found.defaults, **given}
    else:
        for name, default in omitted(helper, given):
            beside = Scope(body.constants, helper.names, before=helper.place)
            given[name] = translate(default, beside)
    check_given(helper, params, [*given], len(args), [*named], node, scope)
    given |= starred(helper, more, others)
    values = {}
    for name, value in given.items():
        values[name] = body.parts_named(f"{helper.function.name}_{name}", value)
    return values
