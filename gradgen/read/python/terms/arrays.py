"""A call of numpy's on sequences, or an operator between arrays, in; what it comes to, number by number, out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from gradgen.read.python.bound import Dotted
from gradgen.read.python.meanings import API
from gradgen.read.python.terms.builtin import (  # fmt: skip
    Called,
    counted,
    difference,
    dot,
    extreme,
    joined,
    numbers,
    product,
    total,
)
from gradgen.read.python.terms.rows import (  # fmt: skip
    CountError,
    FewError,
    Row,
    RowError,
    SizeError,
    cuts,
    is_whole,
    listed,
    narrowed,
    row_of,
)
from gradgen.read.python.terms.value import (
    PRODUCT,
    SUM,
    Known,
    Value,
    index,
    number,
    truth,
)

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

_FLOATS = ("builtins.float", "numpy.float64", "numpy.double", "numpy.float_", "float", "float64", "f8", "d")  # fmt: skip


def axes(value: Value) -> int:
    """Return how many axes an array has, or would have that is made of a sequence; 0 for a number."""
    row = row_of(value)
    if row is None:
        return 0
    return len(shape(value))


def shape(value: Value) -> tuple[int, ...]:
    """Return how many values an array has along each axis."""
    row = row_of(value)
    if row is None:
        return ()
    check_kind(value)
    inner = {*map(shape, row.items)}
    if len(inner) > 1:
        raise RowError("the rows of an array are of different lengths")
    return len(row), *next(iter(inner), ())


def check_kind(value: Value) -> None:
    """Refuse what numpy makes no array of numbers of."""
    row = row_of(value)
    if row is not None and row.kind in ("dict", "set", "iterator", "record"):
        raise RowError(f"an array is not made of {row.word}; write a list")


def leaves_of(value: Value) -> list[Value]:
    row = row_of(value)
    if row is None:
        return [value]
    return [leaf for item in row.items for leaf in leaves_of(item)]


def array(scope: Scope, value: Value) -> Value:
    """Return an array of the numbers in a sequence, and of a number that number."""
    if not axes(value):
        return value
    leaves = leaves_of(value)
    for leaf in leaves:
        if leaf.known is not None:
            raise RowError(leaf.known.refusal)
    whole = all(leaf.whole is not None for leaf in leaves)
    truths = all(leaf.condition for leaf in leaves)
    floats = not all(leaf.may_be_whole for leaf in leaves)

    def made(each: Value) -> Value:
        row = row_of(each)
        if row is None:
            own = replace(each if truths else counted(each), narrow=whole or truths)
            if whole:
                return narrowed(own, [own], each.whole)
            return own.as_float if floats else replace(own, whole=None, index=False, integral=not truths)  # fmt: skip
        return Row("array", (*map(made, row.items),)).value

    found = row_of(made(value))
    assert found is not None
    return scope.made(found)


def as_list(scope: Scope, value: Value) -> Value:
    """Return an array as a list, of its rows, if it has some."""
    row = row_of(value)
    if row is None:
        return value
    return scope.made(Row("list", (*(as_list(scope, item) for item in row.items),)))


def each(scope: Scope, values: Sequence[Value], change: Callable[[list[Value]], Value]) -> Value:  # fmt: skip
    """Return what becomes of numbers that stand at the same places of arrays, as numpy aligns them."""
    scope.spend(sum(len(row) for row in map(row_of, values) if row is not None))
    deep = [*map(axes, values)]
    most = max(deep)
    if not most:
        return change([*values])
    rows = [row_of(value) if axis == most else None for value, axis in zip(values, deep)]  # fmt: skip
    sizes = {len(row) for row in rows if row is not None} - {1}
    if len(sizes) > 1:
        raise FewError(f"arrays of {' and '.join(map(str, sorted(sizes)))} numbers do not fit", max(sizes))  # fmt: skip
    size = min(sizes, default=1)
    items = []
    for place in range(size):
        at = [
            value if row is None else row.items[place if len(row) > 1 else 0]
            for value, row in zip(values, rows)
        ]
        items.append(each(scope, at, change))
    return array(scope, Row("array", (*items,)).value)


def product_of(scope: Scope, left: Value, right: Value) -> Value:
    """Return what `@` makes of two arrays, of one axis or two."""
    deep = axes(left), axes(right)
    if 0 in deep:
        raise SizeError("a matrix product takes arrays", right if deep[0] else left)
    if max(deep) > 2:
        raise RowError("a matrix product takes arrays of one axis or two")
    rows = [[*listed(row)] for row in listed(left)] if deep[0] == 2 else [listed(left)]
    others = listed(right) if deep[1] == 1 else None
    columns = [others] if others is not None else [[*c] for c in zip(*map(listed, listed(right)))]  # fmt: skip
    scope.spend(len(rows) * len(columns) * len(rows[0]) if rows else 0)
    table = [[dot(row, column) for column in columns] for row in rows]
    if deep == (1, 1):
        return table[0][0]
    flat = table[0] if deep[0] == 1 else [line[0] for line in table]
    if min(deep) == 1:
        return array(scope, Row("array", (*flat,)).value)
    lines = (*(Row("array", (*line,)).value for line in table),)
    return array(scope, Row("array", lines).value)


def transposed(scope: Scope, value: Value) -> Value:
    """Return the transpose of an array of two axes; one of one axis is its own."""
    if axes(value) < 2:
        return value
    lines = zip(*_lines(value))
    return array(scope, Row("array", (*(Row("array", line).value for line in lines),)).value)  # fmt: skip


def turned(scope: Scope, value: Value) -> Value:
    """Return the transpose of an array, which holds the same numbers."""
    found = transposed(scope, value)
    cells = scope.constants.draft.cells
    return found if found is value else cells.shown(value, found, "by its transpose")


# Calls.


def only(named: Mapping[str, Value], *known: str) -> None:
    for name, value in named.items():
        held = value.known.value if value.known is not None else None
        kind = held.path if isinstance(held, Dotted) else held
        if name == "dtype" and kind in _FLOATS:
            continue
        if name not in known:
            raise RowError(f"the argument `{name}` is not read here")


def _counted(least: int, most: int, call: Called) -> Called:
    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        if not least <= len(args) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            raise RowError(f"this takes {wanted} arguments, not {len(args)}")
        only(named)
        return call(scope, args, named)

    return called


def _typed(call: Called) -> Called:
    """Return what takes an array, and the type of its numbers."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        if len(args) == 2 and "dtype" not in named:
            args, named = args[:1], {**named, "dtype": args[1]}
        return _counted(1, 1, call)(scope, args, named)

    return called


def _made(call: Called) -> Called:
    """Return what makes an array, of so many axes at least, which is a copy unless that is left to numpy."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        if len(args) == 2 and "dtype" not in named:
            args, named = args[:1], {**named, "dtype": args[1]}
        left = {n: v for n, v in named.items() if n not in ("ndmin", "copy")}
        least = named.get("ndmin", index(0)).whole
        copied = named.get("copy", truth(True)).truth is True
        if len(args) != 1 or {*left} - {"dtype"} or least not in (0, 1) or not copied:
            raise RowError("`array` is read of what it is made of, of a type, with copy=True and up to one axis")  # fmt: skip
        if least and not axes(args[0]):
            args = [Row("list", (args[0],)).value]
        return call(scope, args, left)

    return called


def _floats(scope: Scope, value: Value, named: Mapping[str, Value]) -> Value:
    """Return an array of floats where that is asked for, also of whole numbers."""
    found = array(scope, value)
    row = row_of(found)
    if "dtype" not in named or row is None:
        return found
    if is_whole(row):
        return each(scope, [found], lambda v: number(float(v[0].whole or 0)))
    return each(scope, [found], lambda v: counted(v[0]).as_float)


def _as_array(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    row = row_of(args[0])
    if row is not None and row.kind == "array" and ("dtype" not in named or not cuts(row)):  # fmt: skip
        return args[0]
    found = _floats(scope, args[0], named)
    if row is not None and row.kind == "array" and not is_whole(row):
        for one in (
            args[0],
            found,
        ):  # which are the same where these are floats after all
            scope.constants.draft.cells.freeze(one, "by an array of floats of it")
    if row is not None and row.kind == "sequence":
        scope.constants.draft.cells.freeze(found, "by who calls, if that is an array")
    return found


def _filled(text: str) -> Called:
    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        row = row_of(args[0])
        sizes = listed(args[0]) if row is not None else [args[0]]
        value = number(float(text)) if text else numbers(args[1:2])[0]
        if any(size.whole is None or size.whole < 0 for size in sizes):
            raise CountError("the size of an array is a whole number that is known when compiling", sizes)  # fmt: skip
        scope.spend(math.prod(size.whole or 0 for size in sizes))
        for size in reversed(sizes):
            value = Row("array", (value,) * (size.whole or 0)).value
        return array(scope, value)

    return called


def _lines(value: Value) -> list[list[Value]]:
    """Return the rows of an array of two axes."""
    if axes(value) > 2:
        raise RowError("an array of three axes is not read here")
    rows = (
        [listed(value)] if axes(value) < 2 else [listed(row) for row in listed(value)]
    )
    return [*map(list, rows)]


def _beside(down: bool, columns: bool) -> Called:
    """Return what puts arrays below each other, or beside each other; numbers are arrays of one."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        parts = [array(scope, part if axes(part) else Row("array", (part,)).value) for part in listed(args[0])]  # fmt: skip
        if not parts:
            raise RowError("this takes arrays, and there are none")
        if not (down or columns) and all(axes(part) == 1 for part in parts):
            found = [leaf for part in parts for leaf in listed(part)]
            return array(scope, Row("array", (*found,)).value)
        tables = [_lines(transposed_line(part)) if columns and axes(part) == 1 else _lines(part) for part in parts]  # fmt: skip
        if not down and len({axes(part) for part in parts}) > 1 and not columns:
            raise RowError("these arrays have other numbers of axes")
        if down:
            rows = [row for table in tables for row in table]
        else:
            if len({*map(len, tables)}) > 1:
                raise RowError("the columns are of different lengths")
            rows = [[leaf for row in line for leaf in row] for line in zip(*tables)]
        return array(scope, Row("array", (*(Row("array", (*row,)).value for row in rows),)).value)  # fmt: skip

    return _counted(1, 1, called)


def transposed_line(value: Value) -> Value:
    """Return an array of one axis as a column."""
    return Row("array", (*(Row("array", (leaf,)).value for leaf in listed(value)),)).value  # fmt: skip


def _stack(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    only(named, "axis")
    axis = named.get("axis", index(0)).whole if len(args) == 1 else None
    parts = [*map(partial(array, scope), listed(args[0]))] if args else []
    deep = {axes(part) for part in parts}
    if axis is None or len(deep) != 1 or max(deep) > 1 or not -2 < axis <= max(deep):
        raise RowError("`stack` takes arrays of one axis, and an axis that is 0 or 1")
    found = array(scope, Row("array", (*parts,)).value)
    return transposed(scope, found) if axis else found


def _linspace(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    only(named, "num", "endpoint")
    if not 2 <= len(args) <= 3:
        raise RowError("`linspace` takes its ends, and how many numbers there are")
    size = [*args[2:], *([named["num"]] if "num" in named else [])]
    ends = named.get("endpoint")
    count = size[0].whole if size else 50
    if count is None or (ends is not None and ends.truth is None):
        raise RowError("how many numbers there are is known when compiling")
    closed = ends is None or ends.truth is True
    first, last = numbers(args[:2])
    scope.spend(count)
    parts, far = max(count - closed, 1), difference(last, first)
    items = [
        (
            first
            if not place
            else (
                last
                if closed and place == count - 1
                else Value(
                    f"{first.inside(SUM)} + {place} * ({far.text}) / {parts}", SUM
                )
            )
        )
        for place in range(count)
    ]
    return array(scope, Row("array", (*(replace(v, whole=None, index=False) for v in items),)).value)  # fmt: skip


def _arange(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    bounds = [arg.whole for arg in args if arg.whole is not None]
    if (
        len(bounds) != len(args)
        or not args
        or (len(args) == 3 and not bounds[2])
        or named
    ):
        raise RowError("`arange` takes whole numbers that are known when compiling; see `linspace`")  # fmt: skip
    scope.spend(len(range(*bounds)))
    return array(scope, Row("array", (*map(index, range(*bounds)),)).value)


def _reduced(call: Callable[[Scope, Sequence[Value]], Value], empty: bool) -> Called:
    """Return what reduces an array to a number, along all of its axes, or along one."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        only(named, "axis", "keepdims")
        row = row_of(args[0]) if args else None
        if "dtype" in named and row is not None and is_whole(row):
            raise RowError("whole numbers are not made floats here; write np.asarray(x, dtype=float)")  # fmt: skip
        keeps = named.get("keepdims", truth(False)).truth
        named = {n: v for n, v in named.items() if n == "axis"}
        if not 1 <= len(args) + len(named) <= 2:
            raise RowError("this takes an array, and an axis")
        along = [*args[1:], *named.values()]
        axis = along[0].whole if along else None
        deep = axes(args[0])
        if not deep:
            if along:
                raise SizeError("only an array has axes", args[0])
            return call(scope, args)
        if axis is not None and not -deep <= axis < deep:
            raise SizeError("this has too few axes", [*leaves_of(args[0]), index(0)][0])
        if along and (axis is None or deep > 2):
            raise RowError("an axis is 0 or 1, and the array has it")
        if axis is None or deep == 1:
            leaves = leaves_of(args[0])
            if not (leaves or empty):
                raise RowError("this of an empty array has no value")
            return kept(scope, [call(scope, leaves)], deep, None, keeps)
        table = args[0] if axis % 2 else transposed(scope, args[0])
        return kept(scope, [call(scope, listed(line)) for line in listed(table)], deep, axis, keeps)  # fmt: skip

    return called


def kept(scope: Scope, made: list[Value], deep: int, axis: int | None, keeps: bool | None) -> Value:  # fmt: skip
    """Return what stands along an axis for the numbers of an array, with as many axes where these are kept."""
    if keeps is None:
        raise RowError("the argument `keepdims` is True or False")
    if not keeps:
        return made[0] if axis is None else array(scope, Row("array", (*made,)).value)
    across = axis is not None and axis % 2
    found = [Row("array", (each,)).value for each in made] if across else made
    for _ in range(deep - axes(Row("array", (*found,)).value)):
        found = [Row("array", (*found,)).value]
    return array(scope, Row("array", (*found,)).value)


def _mean(scope: Scope, values: Sequence[Value]) -> Value:
    added = total([*map(counted, values)]).inside(PRODUCT)
    return Value(f"{added} / {len(values)}", PRODUCT)


def _cross(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    one, other = map(listed, args)
    if not len(one) == len(other) == 3:
        raise RowError("`cross` takes vectors of three numbers")
    items = []
    for a, b in ((1, 2), (2, 0), (0, 1)):
        items.append(difference(product([one[a], other[b]]), product([one[b], other[a]])))  # fmt: skip
    return array(scope, Row("array", (*items,)).value)


def _outer(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    lines = [Row("array", (*(product([a, b]) for b in listed(args[1])),)).value for a in listed(args[0])]  # fmt: skip
    return array(scope, Row("array", (*lines,)).value)


def _dot(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if not all(map(axes, args)):
        return each(scope, args, product)
    return product_of(scope, *args)


def _diff(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    values = listed(args[0])
    if axes(args[0]) != 1:
        raise RowError("`diff` takes an array of one axis")
    items = (*(difference(b, a) for a, b in pairwise(values)),)
    return array(scope, Row("array", items).value)


def _cumsum(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    values = numbers(leaves_of(args[0]))
    scope.spend(len(values) ** 2 // 2)
    return array(scope, Row("array", (*(total(values[: k + 1]) for k in range(len(values))),)).value)  # fmt: skip


def _polyval(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if axes(args[0]) != 1:
        raise RowError("`polyval` takes coefficients, and a number or an array")
    if axes(args[1]):
        return each(scope, [args[1]], lambda at: _polyval(scope, [args[0], *at], {}))
    at, found = args[1], index(0)
    for value in numbers(listed(args[0])):
        found = total([product([found, at]), value]) if found.whole != 0 else value
        scope.spend(len(found.text) // 100)
    return found


_ANY = _reduced(lambda scope, values: joined(values, False), True)
_ALL = _reduced(lambda scope, values: joined(values, True), True)
_SUM = _reduced(lambda scope, values: total([*map(counted, values)]), True)
_PROD = _reduced(lambda scope, values: product(values), True)
_MAX = _reduced(lambda scope, values: extreme(scope, "max", values), False)
_MIN = _reduced(lambda scope, values: extreme(scope, "min", values), False)


def _array(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    kind = named["dtype"].known if "dtype" in named else None
    if kind is not None and kind.value == Dotted("builtins.int") and axes(args[0]) and all(v.condition for v in leaves_of(args[0])):  # fmt: skip
        found = each(scope, args, lambda at: counted(at[0]))
        scope.constants.draft.cells.freeze(found, "and cuts what is put into it")
        return found
    only({n: v for n, v in named.items() if n == "dtype"})
    return _floats(scope, args[0], named)


def _at_least_one(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
    if axes(args[0]):
        return _as_array(scope, args, named)
    return array(scope, Row("array", (args[0],)).value)


def _transpose(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
    row = row_of(args[0])
    made = row is not None and row.kind in ("list", "tuple")
    return turned(scope, array(scope, args[0]) if made else args[0])


def _promoted(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return an array of floats, as scipy makes it of a parameter before anything else."""
    floats = named.get("force_floating")
    if len(args) != 1 or {*named} != {"force_floating", "xp"} or floats != truth(True):
        raise RowError("`xp_promote` is read of one array, with force_floating=True")
    row = row_of(array(scope, args[0]))
    whole = row is not None and is_whole(row)
    if not whole:
        return _as_array(scope, args, {})
    return each(scope, [args[0]], lambda v: number(float(v[0].whole or 0)) if whole else v[0])  # fmt: skip


#: What scipy calls the module of an array's kind: of numpy's arrays, and of lists, that is numpy.
_NUMPY = Value("", known=Known(Dotted("numpy"), said="a module has no place in a formula"))  # fmt: skip
#: By the whole name of each function of numpy's, what a call of it comes to; None where it is one of numbers alone.
CALLS: Mapping[str, Called] = {
    "numpy.array": _made(_array),
    "numpy.asarray": _typed(_as_array),
    "numpy.asanyarray": _typed(_as_array),
    "numpy.atleast_1d": _counted(1, 1, _at_least_one),
    "numpy.zeros": _typed(_filled("0.0")),
    "numpy.ones": _typed(_filled("1.0")),
    "numpy.full": _counted(2, 2, _filled("")),
    "numpy.vstack": _beside(True, False),
    "numpy.hstack": _beside(False, False),
    "numpy.column_stack": _beside(False, True),
    "numpy.stack": _stack,
    "numpy.linspace": _linspace,
    "numpy.arange": _arange,
    "numpy.sum": _SUM,
    "numpy.prod": _PROD,
    "numpy.mean": _reduced(_mean, False),
    "numpy.max": _MAX,
    "numpy.amax": _MAX,
    "numpy.min": _MIN,
    "numpy.amin": _MIN,
    "numpy.any": _ANY,
    "numpy.all": _ALL,
    "numpy.dot": _counted(2, 2, _dot),
    "numpy.inner": _counted(2, 2, lambda scope, args, named: dot(*map(listed, args))),
    "numpy.vdot": _counted(2, 2, lambda scope, args, named: dot(*map(leaves_of, args))),
    "numpy.matmul": _counted(2, 2, lambda scope, args, named: product_of(scope, *args)),
    "numpy.outer": _counted(2, 2, _outer),
    "numpy.cross": _counted(2, 2, _cross),
    "numpy.diff": _counted(1, 1, _diff),
    "numpy.cumsum": _counted(1, 1, _cumsum),
    "numpy.polyval": _counted(2, 2, _polyval),
    "numpy.transpose": _counted(1, 1, _transpose),
    API[0]: lambda scope, args, named: _NUMPY,
    API[1]: _promoted,
}
