"""A call of numpy's that makes an array of a known size, or puts the numbers of arrays into another order or shape, in; that array out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gradgen.read.python.terms import arrays
from gradgen.read.python.terms.builtin import Called
from gradgen.read.python.terms.rows import (
    CountError,
    Row,
    RowError,
    SizeError,
    cuts,
    listed,
    row_of,
)
from gradgen.read.python.terms.value import Value, index, number

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

_KNOWN = "the size of an array is a whole number that is known when compiling"


def _array_of(scope: Scope, items: Sequence[Value]) -> Value:
    return arrays.array(scope, Row("array", (*items,)).value)


def _table_of(scope: Scope, lines: Sequence[Sequence[Value]]) -> Value:
    return _array_of(scope, [Row("array", (*line,)).value for line in lines])


def _given(args: Sequence[Value], named: Mapping[str, Value], *names: str) -> dict[str, Value]:  # fmt: skip
    """Return the arguments of a call by their names."""
    given = {**dict(zip(names, args)), **{n: v for n, v in named.items() if n != "dtype"}}  # fmt: skip
    arrays.only({n: v for n, v in named.items() if n == "dtype"})
    twice = {*names[: len(args)]} & {*named}
    if len(args) > len(names) or {*given} - {*names} or twice or names[0] not in given:
        raise RowError(f"of this, the arguments {', '.join(names)} are read")
    return given


def _whole(value: Value | None, default: int) -> int:
    if value is None or value.is_none:
        return default
    if value.whole is None:
        raise CountError(_KNOWN, [value])
    return value.whole


def _eye(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    given = _given(args, named, "N", "M", "k")
    rows = _whole(given["N"], 0)
    columns, shift = _whole(given.get("M"), rows), _whole(given.get("k"), 0)
    if min(rows, columns) < 0:
        raise RowError(_KNOWN)
    scope.spend(rows * columns)
    return _table_of(scope, [[number(float(j == i + shift)) for j in range(columns)] for i in range(rows)])  # fmt: skip


def _identity(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    return _eye(scope, [_given(args, named, "n")["n"]], {})


def _reshape(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    given = _given(args[:1], {}, "a")["a"]
    held = row_of(given)
    if held is None:
        raise SizeError("only an array has a shape", given)
    if named or len(args) < 2:
        raise RowError("of `reshape`, the array and the sizes are read")
    rest = args[1:]
    row = row_of(rest[0])
    sizes = [_whole(size, 0) for size in (listed(rest[0]) if row is not None else rest)]
    leaves = arrays.leaves_of(given)
    if sizes.count(-1) == 1:
        others = -math.prod(sizes)
        sizes[sizes.index(-1)] = len(leaves) // others if others else 0
    if min(sizes, default=0) < 0 or math.prod(sizes) != len(leaves):
        raise RowError(f"{len(leaves)} numbers have no such shape")
    scope.spend(len(leaves))
    found: list[Value] = leaves
    for size in reversed(sizes[1:]):
        found = [Row("array", (*found[at : at + size],)).value for at in range(0, len(found), size or 1)]  # fmt: skip
    return scope.constants.draft.cells.shown(
        given, _array_of(scope, found), "by another shape of it"
    )


def _diagonal(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    given = _given(args, named, "v")["v"]
    deep, items = arrays.axes(given), listed(given)
    if deep == 2:
        found = [listed(line)[at] for at, line in enumerate(items) if at < len(listed(line))]  # fmt: skip
        return scope.constants.draft.cells.shown(
            given, _array_of(scope, found), "by its diagonal"
        )
    if deep != 1:
        raise RowError("`diag` takes an array of one axis or two")
    row = row_of(given)
    zero = index(0) if row is not None and cuts(row) else number(0.0)
    scope.spend(len(items) ** 2)
    return _table_of(scope, [[item if i == j else zero for j in range(len(items))] for i, item in enumerate(items)])  # fmt: skip


def _ordered(change: Callable[[list[Value], int], list[Value]], moved: bool) -> Called:
    """Return what puts the numbers of an array of one axis into another order; `moved` where it is told how far."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        given = _given(args, named, *(("a", "shift") if moved else ("m",)))
        array, *others = given.values()
        if arrays.axes(array) != 1 or (moved and len(others) != 1):
            raise RowError("this is read of arrays of one axis")
        found = _array_of(scope, change(listed(array), _whole(others[0] if others else None, 0)))  # fmt: skip
        return found if moved else scope.constants.draft.cells.shown(array, found, "by it the other way round")  # fmt: skip

    return called


def _rolled(items: list[Value], shift: int) -> list[Value]:
    at = -shift % len(items) if items else 0
    return items[at:] + items[:at]


#: By the whole name of each function of numpy's, what a call of it comes to.
CALLS: Mapping[str, Called] = {
    "numpy.eye": _eye,
    "numpy.identity": _identity,
    "numpy.reshape": _reshape,
    "numpy.diag": _diagonal,
    "numpy.roll": _ordered(_rolled, True),
    "numpy.flipud": _ordered(lambda items, _: items[::-1], False),
}
