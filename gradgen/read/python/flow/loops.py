"""A loop in; the ends of its ways out, after the statements of each turn."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradgen.read.python.bound import Helper
from gradgen.read.python.draft import MAX_STATEMENTS
from gradgen.read.python.expression import translate
from gradgen.read.python.flow.turns import bind, give
from gradgen.read.python.flow.ways import Jump, Ways
from gradgen.read.python.terms.rows import RowError, goes_through, listed
from gradgen.read.python.terms.value import tested
from gradgen.read.python.values import Scope

if TYPE_CHECKING:
    from gradgen.read.python.flow.body import Body

_NUMBERS = (
    "how often this loop turns depends on numbers here; "
    "write `for _ in range(n)` with so many turns as are enough, and an `if` in it for what they do"
)


def read_loop(
    body: Body, node: ast.For | ast.While, scope: Scope, helper: Helper
) -> Ways:
    """Read a loop, turn by turn, up to a `break` or the end of the function."""
    ways = Ways()
    if isinstance(node, ast.For):
        _for(body, node, scope, helper, ways)
    else:
        while _again(body, node, scope, ways):
            _turn(body, node, scope, helper, ways)
            if ways.last is not None:
                break
    if ways.last is None:
        ways.go_on(body.block(node.orelse, scope, helper))
    elif isinstance(ways.last, Jump):
        ways.last = None
    return ways


def _for(body: Body, node: ast.For, scope: Scope, helper: Helper, ways: Ways) -> None:
    cells = body.draft.cells
    body.draft.go_to(scope.names, node)
    try:
        through = translate(node.iter, scope)
        ways.pairs += body.raised()
        items, locked = listed(through), goes_through(through)
    except RowError as error:
        raise scope.fail(str(error), node.iter) from None
    cells.looped += locked
    for item in items:
        body.draft.go_to(scope.names, node)
        bind(node.target, cells.read(item), scope, lambda n, value: give(n, value, scope))  # fmt: skip
        _turn(body, node, scope, helper, ways)
        if ways.last is not None:
            break
    del cells.looped[len(cells.looped) - len(locked) :]


def _again(body: Body, node: ast.While, scope: Scope, ways: Ways) -> bool:
    body.draft.go_to(scope.names, node)
    test = tested(translate(node.test, scope))
    ways.pairs += body.raised()
    if test.truth is None:
        raise scope.fail(_NUMBERS, node)
    return test.truth


def _turn(
    body: Body, node: ast.For | ast.While, scope: Scope, helper: Helper, ways: Ways
) -> None:
    """Read a turn; a `continue` ends it and nothing else."""
    body.turns += 1
    if body.turns > MAX_STATEMENTS:
        raise scope.fail(f"loops have at most {MAX_STATEMENTS} turns, all together", node)  # fmt: skip
    ways.go_on(body.block(node.body, scope, helper))
    if isinstance(ways.last, Jump) and not ways.last.ends:
        ways.last = None
