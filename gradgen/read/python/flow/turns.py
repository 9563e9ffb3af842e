"""What Python goes through in, and the names that each of it gets; a comprehension as a sequence out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gradgen.read.python.arrays.taken import bounds
from gradgen.read.python.expression import Comprehension, translate
from gradgen.read.python.terms.builtin import set_of
from gradgen.read.python.terms.rows import (  # fmt: skip
    ATOM,
    Row,
    RowError,
    SizeError,
    iterator,
    key_of,
    row_of,
)
from gradgen.read.python.terms.subscripts import stored
from gradgen.read.python.terms.value import Value, tested
from gradgen.read.python.tree import bindings

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

#: Published limit: how many `for` stand in each other in comprehensions.
MAX_NESTED = 8


def comprehension(node: Comprehension, scope: Scope, sure: bool) -> Value:
    """Return what a comprehension makes, turn by turn; `sure` where Python comes to it in any case."""
    targets = [each.target for each in node.generators]
    local = frozenset(name for name, _ in bindings(targets))
    inner = replace(scope, values={}, local=local, outer=scope, turning=True)
    draft = scope.constants.draft
    draft.nested += len(node.generators)
    if draft.nested > MAX_NESTED:
        raise scope.fail(f"more than {MAX_NESTED} `for` stand in each other in comprehensions", node)  # fmt: skip
    # What is gone through once is made where it is asked for, if at all.
    sure = sure and not isinstance(node, ast.GeneratorExp)
    items: list[Value] = []
    keys: list[object] = []
    sources: list[Value] = []
    for _ in _through(node.generators, inner, sure, sources):
        if isinstance(node, ast.DictComp):
            keys.append(key_of(translate(node.key, inner, sure)))
            items.append(translate(node.value, inner, sure))
        else:
            items.append(translate(node.elt, inner, sure))
        draft.count(items[-1])
        scope.spend(1)
    draft.nested -= len(node.generators)
    if isinstance(node, ast.GeneratorExp):
        return iterator(items, *sources)
    if isinstance(node, ast.DictComp):
        pairs = dict(zip(keys, items))
        return scope.made(Row("dict", (*pairs.values(),), (*pairs,)))
    if isinstance(node, ast.SetComp):
        return set_of(items)
    return scope.made(Row("list", (*items,)))


def _through(
    generators: list[ast.comprehension], inner: Scope, sure: bool, sources: list[Value]
) -> Iterator[None]:
    """Go through what a comprehension does, with the names of each turn."""
    first, *others = generators
    outer = inner.outer if not sources else inner
    assert outer is not None
    if first.is_async:
        raise inner.fail("`async` has no place in a formula", first.iter)
    through = translate(first.iter, outer, sure)
    sources.append(through)
    for item in inner.constants.draft.cells.through(through):
        inner.spend(1)
        bind(first.target, item, inner, lambda name, value: give(name, value, inner))
        if all(_holds(test, inner, sure) for test in first.ifs):
            if others:
                yield from _through(others, inner, sure, sources)
            else:
                yield


def _holds(node: ast.expr, scope: Scope, sure: bool) -> bool:
    test = tested(translate(node, scope, sure))
    if test.truth is None:
        raise scope.fail("how long this is depends on numbers here; choose by `x if ... else 0.0` what each adds", node)  # fmt: skip
    return test.truth


def give(name: str, value: Value, scope: Scope) -> None:
    """Let a name of a loop stand for a value: a name or a number as it is."""
    if scope.namer is None or (value.is_number and ATOM.fullmatch(value.text)):
        scope.values[name] = value
    else:
        scope.namer(name, value, scope)


def bind(
    target: ast.expr, value: Value, scope: Scope, put: Callable[[str, Value], object]
) -> None:
    """Let the names of a target stand for a value, or for the parts of a sequence.

    Args:
        target: a name, a list of targets, or what has an index.
        value: the value.
        scope: where the target stands.
        put: what lets a name stand for a value.
    """
    if isinstance(target, ast.Name):
        put(target.id, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        try:
            items = scope.constants.draft.cells.through(value)
        except RowError as error:
            raise scope.fail(str(error), target) from None
        for each, item in zip(
            target.elts, _shared(target, items, scope, row_of(value))
        ):
            inner = each.value if isinstance(each, ast.Starred) else each
            bind(inner, scope.constants.draft.cells.read(item), scope, put)
    elif isinstance(target, ast.Subscript):
        base = translate(target.value, scope)
        given = [translate(part, scope) for part in bounds(target.slice)]
        root = target.value.id if isinstance(target.value, ast.Name) else "part"
        stored(base, target.slice, given, scope.atom(value, f"{root}_item"), scope.constants.draft.cells)  # fmt: skip
    else:
        raise scope.fail("only names, and the items of lists, dicts and arrays, are assigned", target)  # fmt: skip


def _shared(
    target: ast.Tuple | ast.List, items: list[Value], scope: Scope, asked: Row | None
) -> list[Value]:
    """Return what each of several targets gets; one with a star gets a list of what the others leave."""
    stars = [p for p, each in enumerate(target.elts) if isinstance(each, ast.Starred)]
    more = len(items) - len(target.elts)
    if more < -len(stars) or (more and not stars):
        if asked is not None and asked.sizes_of and more < 0:
            raise SizeError("this has too few axes", Value(asked.sizes_of))
        raise scope.fail("the two sides are of different lengths", target)
    if not stars:
        return items
    first, last = stars[0], stars[0] + more + 1
    rest = scope.made(Row("list", (*items[first:last],)))
    return [*items[:first], rest, *items[last:]]
