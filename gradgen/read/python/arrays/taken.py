"""An array and what stands between brackets for several of its axes in; the part that it names out, or the array after one is put there."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from gradgen.read.python.terms.rows import (  # fmt: skip
    Row,
    RowError,
    SizeError,
    bound_of,
    index_of,
    row_of,
)
from gradgen.read.python.terms.value import Value

#: What is taken of an axis: a slice, an index, or several; None makes a new one, and Ellipsis stands for all that are left.
_Pick: TypeAlias = "slice | Value | None"


def several(node: ast.expr) -> list[ast.expr]:
    """Return what stands between brackets for each axis, where slices do, or `...`; nothing where none does."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node] if _is_rest(node) else []  # fmt: skip
    sliced = any(isinstance(part, ast.Slice) or _is_rest(part) for part in parts)
    return [*parts] if sliced else []


def bounds(node: ast.expr) -> list[ast.expr]:
    """Return the expressions between square brackets: an index, or the ends and the step of a slice; of several axes one after the other."""
    if isinstance(node, ast.Slice):
        return [part for part in (node.lower, node.upper, node.step) if part]
    if _is_rest(node):
        return []
    parts = several(node)
    return [each for part in parts for each in bounds(part)] if parts else [node]


def between(node: ast.Slice, given: Sequence[Value]) -> slice:
    """Return a slice, of what its ends and its step come to."""
    left = [*given]
    ends = [bound_of(left.pop(0) if part else None) for part in (node.lower, node.upper, node.step)]  # fmt: skip
    if ends[2] == 0:
        raise RowError("the step of a slice is not 0")
    return slice(*ends)


def taken(base: Value, node: ast.expr, given: Sequence[Value]) -> Value:
    """Return what an array holds in slices and at indices of several axes."""
    return _taken(base, _picks(base, node, given))


def placed(base: Value, node: ast.expr, given: Sequence[Value], value: Value) -> Row:
    """Return an array after numbers are put into slices and at indices of several axes."""
    picks = _picks(base, node, given)
    if any(pick is None or (isinstance(pick, Value) and row_of(pick) is not None) for pick in picks):  # fmt: skip
        raise RowError("numbers are put into slices of an array, and at indices")
    found = row_of(_placed(base, picks, _spread(value, _sizes(_taken(base, picks)))))
    assert found is not None
    return found


def items_at(row: Row, key: Row) -> Value:
    """Return the items of an array at several indices, as an array that nobody else holds."""
    items = [row.items[index_of(each, len(row))] for each in key.items]
    return Row("array", (*items,)).value


def _is_rest(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _picks(base: Value, node: ast.expr, given: Sequence[Value]) -> list[_Pick]:
    """Return what is taken of each axis of an array."""
    left, rest = [*given], -1
    found: list[_Pick] = []
    for part in several(node):
        own = [left.pop(0) for _ in bounds(part)]
        if isinstance(part, ast.Slice):
            found.append(between(part, own))
        elif not own:
            rest = len(found) if rest < 0 else len(given)
        else:
            none = own[0].known is not None and own[0].known.value is None
            found.append(None if none else own[0])
    rows = [row_of(pick) for pick in found if isinstance(pick, Value)]
    if len(rows) > 1 and any(row is not None for row in rows):
        raise RowError("one axis alone is asked for several indices, and the others for slices")  # fmt: skip
    deep = len(_sizes(base))
    lacking = deep - sum(pick is not None for pick in found)
    if lacking < 0:
        raise RowError(f"the array has {deep} axes, and {deep - lacking} are asked for")
    if rest >= 0:
        found[rest:rest] = [slice(None)] * lacking
    return found


def _sizes(value: Value) -> list[int]:
    row = row_of(value)
    if row is None:
        return []
    if row.kind not in ("array", "sequence"):
        raise RowError(f"{row.word} has no axes")
    return [len(row), *(_sizes(row.items[0]) if row.items else [])]


def _taken(value: Value, picks: Sequence[_Pick]) -> Value:
    if not picks:
        return value
    pick, rest = picks[0], picks[1:]
    if pick is None:
        return Row("array", (_taken(value, rest),)).value
    row = row_of(value)
    if row is None:
        raise SizeError("only an array has several axes", value)
    if isinstance(pick, slice):
        return Row("array", (*(_taken(item, rest) for item in row.items[pick]),)).value
    key = row_of(pick)
    if key is not None:
        items = [row.items[index_of(each, len(row))] for each in key.items]
        return Row("array", (*(_taken(item, rest) for item in items),)).value
    return _taken(row.items[index_of(pick, len(row))], rest)


def _placed(old: Value, picks: Sequence[_Pick], new: Value) -> Value:
    if not picks:
        row, given = row_of(old), row_of(new)
        if row is not None and given is not None:
            items = [_placed(one, (), other) for one, other in zip(row.items, given.items)]  # fmt: skip
            return replace(row, items=(*items,)).value
        return replace(new, whole=None, index=False)
    row, pick = row_of(old), picks[0]
    assert row is not None and pick is not None
    items = [*row.items]
    if isinstance(pick, slice):
        given = row_of(new)
        assert given is not None
        for place, each in zip(range(len(row))[pick], given.items):
            items[place] = _placed(items[place], picks[1:], each)
    else:
        place = index_of(pick, len(row))
        items[place] = _placed(items[place], picks[1:], new)
    return replace(row, items=(*items,)).value


def _spread(value: Value, sizes: Sequence[int]) -> Value:
    """Return a number, or an array, in a shape, as numpy puts it there."""
    row = row_of(value)
    if not sizes:
        if row is not None:
            raise RowError("a number is put at an index of each axis")
        if value.known is not None or value.condition:
            raise RowError("numbers are put into an array")
        return value
    deep = 0 if row is None else len(_sizes(Row("array", row.items).value))
    if row is not None and row.kind not in ("list", "tuple", "array", "sequence"):
        raise RowError(f"{row.word} is not put into an array")
    if row is None or deep < len(sizes):
        return Row("array", (_spread(value, sizes[1:]),) * sizes[0]).value
    if deep > len(sizes) or len(row) not in (1, sizes[0]):
        raise RowError(f"{len(row)} values are put where there are {sizes[0]}")
    items = row.items if len(row) == sizes[0] else row.items * sizes[0]
    return Row("array", (*(_spread(item, sizes[1:]) for item in items),)).value
