"""A loop in; the ends of its ways out, after the statements of each turn."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gradgen.read.python.bound import Helper
from gradgen.read.python.draft import MAX_STATEMENTS
from gradgen.read.python.expression import translate
from gradgen.read.python.flow.turns import bind, give
from gradgen.read.python.flow.ways import Jump, Ways
from gradgen.read.python.terms.rows import RowError, goes_through
from gradgen.read.python.terms.value import Value, tested
from gradgen.read.python.values import Scope

if TYPE_CHECKING:
    from gradgen.read.python.flow.body import Body

#: Where so many `if` and `for` are around, there is no further turn that numbers decide.
_DEEPEST = 58
_NUMBERS = (
    "how often this loop turns depends on numbers here; "
    "write `for _ in range(n)` with so many turns as are enough, and an `if` in it for what they do"
)


@dataclass(frozen=True)
class Rest:
    """What follows in a loop where an `if` goes on: the rest of the turn, and the turns after it with the loop's `else`.

    Attributes:
        turn: what reads the rest of the turn.
        turns: what reads the turns after it.
        node: the loop.
        breaks: whether it may end before its last turn.
    """

    turn: Callable[[], Ways]
    turns: Callable[[], Ways]
    node: ast.stmt
    breaks: bool


def read_loop(
    body: Body, node: ast.For | ast.While, scope: Scope, helper: Helper
) -> Ways:
    """Read a loop, turn by turn, up to a `break` or the end of the function."""
    if isinstance(node, ast.While):
        return _turns(body, node, scope, helper, None)
    cells = body.draft.cells
    body.draft.go_to(scope.names, node)
    try:
        through = translate(node.iter, scope)
        ways = Ways(body.raised())
        items, locked = cells.through(through), goes_through(through)
    except RowError as error:
        raise scope.fail(str(error), node.iter) from None
    cells.looped += locked
    ways.go_on(_turns(body, node, scope, helper, items))
    del cells.looped[len(cells.looped) - len(locked) :]
    return ways


def _turns(body: Body, node: ast.For | ast.While, scope: Scope, helper: Helper, items: Sequence[Value] | None, first: int = 0) -> Ways:  # fmt: skip
    """Read the turns of a loop from one on, and its `else`; of `for` with what it goes through."""
    ways, around, at = Ways(), body.rest, first
    breaks = any(isinstance(each, ast.Break) for each in jumps(node.body))
    breaks |= any(decides(body, node, each, scope) for each in ast.walk(node))

    def after(place: int) -> Ways:
        body.rest = around
        return _turns(body, node, scope, helper, items, place)

    while ways.last is None and (again := _again(body, node, scope, ways, items, at)):
        if isinstance(again, ast.While):  # numbers say whether there is another turn
            ways.go_on(_turns(body, again, scope, helper, None))
            return ways
        at += 1
        body.rest = Rest(Ways, partial(after, at), node, breaks)
        _turn(body, node, scope, helper, ways)
        body.rest = around
    if ways.last is None:
        ways.go_on(body.block(node.orelse, scope, helper))
    elif isinstance(ways.last, Jump):
        ways.last = None
    return ways


def decides(body: Body, loop: ast.stmt, node: ast.AST, scope: Scope) -> bool:
    """Whether an `if` in a `while` assigns to a whole number that the loop's test reads: then each of its ways has turns of its own."""
    if not isinstance(loop, ast.While) or not isinstance(node, ast.If):
        return False
    read = {each.id for each in ast.walk(loop.test) if isinstance(each, ast.Name)}
    held = [scope.held(name) for name in body.texts.names_of(node, [node]) if name in read]  # fmt: skip
    return any(value is not None and value.whole is not None for value in held)


def jumps(nodes: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield what ends a loop, or a turn, that these statements stand in."""
    todo: list[ast.AST] = [*nodes]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Break, ast.Continue)):
            yield node
        elif isinstance(node, (ast.For, ast.While)):
            todo += node.orelse
        elif isinstance(node, ast.stmt) and not isinstance(node, (ast.FunctionDef, ast.ClassDef)):  # fmt: skip
            todo += ast.iter_child_nodes(node)
        elif isinstance(node, ast.ExceptHandler):
            todo += node.body


def _again(body: Body, node: ast.For | ast.While, scope: Scope, ways: Ways, items: Sequence[Value] | None, at: int) -> bool | ast.While:  # fmt: skip
    """Return whether there is another turn, with what its names stand for; where numbers decide, the loop with a `break` for its test."""
    body.draft.go_to(scope.names, node)
    if isinstance(node, ast.For):
        found = items is not None and at < len(items)
        if found:
            assert items is not None
            item = body.draft.cells.read(items[at])
            bind(node.target, item, scope, lambda n, value: give(n, value, scope))
        return found
    if body.around >= _DEEPEST and isinstance(node.test, ast.BoolOp) and getattr(node.test.values[0], "value", 0) is True:  # fmt: skip
        raise scope.fail(_NUMBERS, node)
    test = tested(translate(node.test, scope))
    ways.pairs += body.raised()
    if test.truth is not None:
        return test.truth
    if any(jumps(node.orelse)):  # which is another loop's
        raise scope.fail(_NUMBERS, node)
    ends = ast.If(ast.UnaryOp(ast.Not(), node.test), [*node.orelse, ast.Break()], [])
    # What is behind `True or` is not read; it names what decides.
    ever = ast.BoolOp(ast.Or(), [ast.Constant(True), node.test])
    whole = ast.While(ever, [ends, *node.body], [])
    for each in (whole, ever, ever.values[0], ends, ends.test, ends.body[-1]):
        ast.copy_location(each, node)
    return whole


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
