"""A call of numpy's that puts the numbers of arrays in another order or shape, or asks for their shape, in; what it comes to out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING

from gradgen.read.python.terms import arrays, ufuncs
from gradgen.read.python.terms.arrays import (
    array,
    axes,
    each,
    leaves_of,
    only,
    shape,
)
from gradgen.read.python.terms.builtin import Called, numbers
from gradgen.read.python.terms.rows import Row, RowError, is_row, listed
from gradgen.read.python.terms.value import Value, index, number

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

#: What is made of one array, or of a number.
_Made = Callable[["Scope", Value], Value]


def _seen(make: _Made) -> Called:
    """Return what shows the numbers of an array in another way, so that who writes into the one writes into the other."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        only(named)
        if len(args) != 1:
            raise RowError("this takes 1 argument, an array")
        axes(args[0])  # of which dicts and sets are none
        made = make(scope, args[0])
        return scope.constants.draft.cells.shown(
            args[0], made, "by another array of the same numbers"
        )

    return called


def _asked(ask: Callable[[Value], Value]) -> Called:
    """Return what is asked of the shape of an array, of which a number has none."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        only(named)
        if len(args) != 1:
            raise RowError("this is asked of one array")
        numbers(leaves_of(args[0]))
        return ask(args[0])

    return called


def _row(items: Sequence[Value]) -> Value:
    return Row("array", (*items,)).value


def _flat(scope: Scope, value: Value) -> Value:
    return array(scope, _row(leaves_of(value)))


def _in_rows(scope: Scope, value: Value) -> Value:
    deep = axes(value)
    value = value if deep else _row([value])
    return array(scope, _row([value]) if deep < 2 else value)


def _squeezed(scope: Scope, value: Value) -> Value:
    """Return an array without the axes of one number."""

    def inner(one: Value, sizes: Sequence[int]) -> Value:
        if not sizes:
            return one
        rows = [inner(row, sizes[1:]) for row in listed(one)]
        return rows[0] if len(rows) == 1 else _row(rows)

    sizes = shape(value)
    made = inner(value, sizes)
    return array(scope, made) if axes(made) else replace(made, boxed=True)


def _reversed(scope: Scope, value: Value) -> Value:
    if axes(value) != 1:
        raise RowError("`flip` is read of arrays of one axis")
    return array(scope, _row(listed(value)[::-1]))


def _copy(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    only(named)
    if len(args) != 1:
        raise RowError("`copy` takes 1 argument, an array")
    numbers(leaves_of(args[0]))
    return array(scope, args[0])


def _broadcast(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
    """Return arrays and numbers, each in the shape that they have together, where nothing is written into them."""
    only(named)
    for arg in args:
        numbers(leaves_of(arg))
    made = [each(scope, args, itemgetter(place)) for place in range(len(args))]
    for value in (*args, *made):
        scope.constants.draft.cells.freeze(value, "by broadcast_arrays")
    return Row("tuple", (*(replace(v, boxed=not is_row(v)) for v in made),)).value


def _joined(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return arrays behind each other, or of rows also beside each other."""
    only(named, "axis")
    axis = [*args[1:], *named.values()] or [index(0)]
    parts = listed(args[0]) if args else []
    deep = {axes(part) for part in parts}
    if len(axis) > 1 or axis[0].whole is None or len(deep) != 1 or max(deep) not in (1, 2) or not -max(deep) <= axis[0].whole < max(deep):  # fmt: skip
        raise RowError("`concatenate` takes arrays that all have one axis, or two, and one of these")  # fmt: skip
    below = max(deep) == 2 and axis[0].whole % 2 == 0
    made = arrays.CALLS[f"numpy.{'vstack' if below else 'hstack'}"](scope, args[:1], {})
    assert made is not None
    return made


def _appended(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if len(args) != 2 or named:
        raise RowError("`append` is read of two arrays, without an axis")
    return array(scope, _row([leaf for arg in args if axes(arg) >= 0 for leaf in leaves_of(arg)]))  # fmt: skip


def _again(name: str, one_by_one: bool) -> Called:
    """Return what an array of one axis holds so often: each number, or all in their order."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        times = args[1].whole if len(args) == 2 else None
        if named or times is None or times < 0 or axes(args[0]) > 1:
            raise RowError(f"`{name}` is read of an array of one axis, and how often, which is known when compiling")  # fmt: skip
        items = leaves_of(args[0])
        scope.spend(len(items) * times)
        made = [item for item in items for _ in range(times)] if one_by_one else items * times  # fmt: skip
        return array(scope, _row(made))

    return called


def _empty(like: bool) -> Called:
    """Return an array whose numbers have no values until some are put there."""
    fill = ufuncs.CALLS["numpy.full_like"] if like else arrays.CALLS["numpy.full"]

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        if len(args) == 2 and "dtype" not in named:
            args, named = args[:1], {**named, "dtype": args[1]}
        if len(args) != 1:
            raise RowError("of an array that is empty, its shape and its type are read")
        return fill(scope, [*args, scope.edge("what is read was never put there")], named)  # fmt: skip

    return called


#: By the whole name of each function, what a call of it comes to.
CALLS: Mapping[str, Called] = {
    "numpy.ravel": _seen(_flat),
    "numpy.squeeze": _seen(_squeezed),
    "numpy.atleast_2d": _seen(_in_rows),
    "numpy.flip": _seen(_reversed),
    "numpy.broadcast_arrays": _broadcast,
    "numpy.shape": _asked(lambda value: Row("tuple", (*map(number, shape(value)),)).value),
    "numpy.ndim": _asked(lambda value: number(axes(value))),
    "numpy.size": _asked(lambda value: number(len(leaves_of(value)))),
    "numpy.copy": _copy,
    "numpy.concatenate": _joined,
    "numpy.append": _appended,
    "numpy.repeat": _again("repeat", True),
    "numpy.tile": _again("tile", False),
    "numpy.empty": _empty(False),
    "numpy.empty_like": _empty(True),
    **{f"numpy.nan{name}": arrays.CALLS[f"numpy.{name}"] for name in ("max", "min", "sum", "mean", "prod")},
}  # fmt: skip
