"""A call of numpy's that makes one number of a whole array in; that number out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from gradgen.read.python.terms import arrays
from gradgen.read.python.terms.builtin import (
    Called,
    difference,
    dot,
    numbers,
    root_of_squares,
    total,
)
from gradgen.read.python.terms.rows import Row, RowError, SizeError, is_row, listed
from gradgen.read.python.terms.value import POWER, PRODUCT, Value, index, truth

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope


def _leaves(value: Value) -> list[Value]:
    """Return the numbers of an array of one axis."""
    if not is_row(value):
        raise SizeError("this is asked of an array", value)
    if arrays.axes(value) != 1 or not listed(value):
        raise RowError("this is read of an array of one axis, with numbers in it")
    return [*numbers(listed(value))]


def _spread(root: bool) -> Called:
    """Return the mean of the squares of how far numbers are from their mean, or its root."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        less = named.get("ddof", index(0)).whole
        values = _leaves(args[0]) if args else []
        if len(args) != 1 or {*named} - {"ddof"} or less is None or not 0 <= less < len(values):  # fmt: skip
            raise RowError("of this, an array and `ddof` are read")
        mean = scope.atom(Value(f"{total(values).inside(PRODUCT)} / {len(values)}", PRODUCT), "mean")  # fmt: skip
        squares = [Value(f"({difference(each, mean).text}) ** 2", POWER) for each in values]  # fmt: skip
        found = Value(f"{total(squares).inside(PRODUCT)} / {len(values) - less}", PRODUCT)  # fmt: skip
        if not root:
            return found
        scope.call_of("sqrt")
        return Value(f"sqrt({found.text})")

    return called


def _norm(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return the length of a vector, or of each along an axis."""
    given = {**dict(zip(("x", "ord", "axis", "keepdims"), args)), **named}
    if {*given} - {"x", "ord", "axis", "keepdims"} or "x" not in given:
        raise RowError("of `norm`, `x`, `ord`, `axis` and `keepdims` are read")
    keeps, deep = given.get("keepdims", truth(False)).truth, arrays.axes(given["x"])
    order, along = (None if given.get(name) is None or given[name].is_none else given[name] for name in ("ord", "axis"))  # fmt: skip
    if not deep:
        raise SizeError("`norm` takes an array", given["x"])
    axis = along.whole if along is not None else None
    if axis is not None and not -deep <= axis < deep:
        raise SizeError(
            "this has too few axes", [*arrays.leaves_of(given["x"]), index(0)][0]
        )
    known = along is None or (axis is not None and deep <= 2)
    if not known or (order is not None and (order.whole not in (1, 2) or (deep > 1 and along is None))):  # fmt: skip
        raise RowError("`norm` is read of order 1 and 2, along an axis that the array has")  # fmt: skip

    def one(values: Sequence[Value]) -> Value:
        if order is None or order.whole == 2:
            return root_of_squares(scope, values)
        scope.call_of("abs")
        return total([Value(f"abs({v.text})") for v in numbers(values)])

    if axis is None or deep == 1:
        return arrays.kept(scope, [one(arrays.leaves_of(given["x"]))], deep, None, keeps)  # fmt: skip
    table = given["x"] if axis % 2 else arrays.transposed(scope, given["x"])
    return arrays.kept(scope, [one(listed(line)) for line in listed(table)], deep, axis, keeps)  # fmt: skip


def _average(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
    """Return a mean, of numbers with weights by these."""
    given = {**dict(zip(("a", "axis", "weights"), args)), **named}
    weights = given.get("weights")
    if weights is None or weights.is_none:
        named = {n: v for n, v in named.items() if n != "weights"}
        return arrays.CALLS["numpy.mean"](scope, args[:2], named)
    along = given.get("axis")
    if {*given} - {"a", "axis", "weights"} or (along is not None and not along.is_none):
        raise RowError("of an average with weights, one along all axes is read")
    values, parts = _leaves(given["a"]), _leaves(weights)
    return Value(f"{dot(values, parts).inside(PRODUCT)} / {total(parts).inside(PRODUCT + 1)}", PRODUCT)  # fmt: skip


def _trapezoid(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
    """Return the area below points: the sum of `(x1 - x0)*(y1 + y0)/2`."""
    given = {**dict(zip(("y", "x", "dx"), args)), **named}
    if {*given} - {"y", "x", "dx"} or "y" not in given:
        raise RowError("of this, `y`, `x` and `dx` are read")
    ys = _leaves(given["y"])
    xs = given.get("x")
    if xs is not None and not xs.is_none:
        places = _leaves(xs)
        if len(places) != len(ys):
            raise RowError(f"these are {len(ys)} and {len(places)} values")
        widths = [difference(b, a) for a, b in pairwise(places)]
    else:
        widths = [*numbers([given.get("dx", index(1))])] * (len(ys) - 1)
    parts = [
        Value(f"{w.inside(PRODUCT)} * ({total([b, a]).text}) / 2", PRODUCT)
        for w, (a, b) in zip(widths, pairwise(ys))
    ]
    return total(parts)


def _products(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return the products of the first numbers, of ever more of them."""
    if len(args) != 1 or named:
        raise RowError("`cumprod` takes an array")
    found: list[Value] = []
    for value in _leaves(args[0]):
        last = f"{found[-1].inside(PRODUCT)} * {value.inside(PRODUCT + 1)}" if found else ""  # fmt: skip
        integral = value.may_be_whole
        found.append(scope.atom(Value(last, PRODUCT, integral=integral), "product") if last else value)  # fmt: skip
    return arrays.array(scope, Row("array", (*found,)).value)


def _range(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    most, least = (arrays.CALLS[f"numpy.{name}"](scope, args, named) for name in ("max", "min"))  # fmt: skip
    assert most is not None and least is not None
    return arrays.each(scope, [most, least], lambda pair: difference(*pair))


#: By the whole name of each function of numpy's, what a call of it comes to.
CALLS: Mapping[str, Called] = {
    "numpy.linalg.norm": _norm,
    "numpy.var": _spread(False),
    "numpy.std": _spread(True),
    "numpy.average": _average,
    "numpy.trapezoid": _trapezoid,
    "numpy.trapz": _trapezoid,
    "numpy.cumprod": _products,
    "numpy.ptp": _range,
}
