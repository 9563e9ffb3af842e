"""Arrays in, as numpy's functions and Python's operators take them; what these make of them, number by number, out."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.prove.python.heap import Array, List
from gradgen.prove.python.sequences import extreme, product, through, told, total
from gradgen.prove.python_expressions import Fixed, Imported
from gradgen.prove.python_numbers import Place, UnknownError

if TYPE_CHECKING:
    from gradgen.prove.python.holding import Holding as Walker

#: Where scipy has what asks for the module of an array, and makes floats of it.
ARRAY_API = "scipy._lib._array_api"
#: No array holds more along an axis.
_LONGEST = 20_000


def made(walker: Walker, value: Any) -> Any:
    """Return an array of what is in sequences."""
    if isinstance(value, (tuple, List, Array, range)):
        walker.heap.check(value)
        rows = [made(walker, each) for each in value]
        sizes = {len(each) if isinstance(each, Array) else -1 for each in rows}
        if len(sizes) > 1:
            raise UnknownError
        return walker.held(Array(rows))
    if not isinstance(value, (int, Place)):
        raise UnknownError
    return value


def _shape(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (tuple, List, Array, range)):
        return ()
    return (len(value), *(_shape(value[0]) if len(value) else ()))


def numbers_in(value: Any) -> list[Any]:
    if not isinstance(value, (tuple, List, Array, range)):
        return [value]
    return [each for row in value for each in numbers_in(row)]


def is_of_floats(value: Any) -> bool:
    """Whether no whole number is in an array."""
    return all(type(each_) is Place for each_ in numbers_in(value))


def _spread(value: Any, shape: tuple[int, ...]) -> Any:
    """Return an array as large as another, as numpy makes it where they meet."""
    own = _shape(value)
    if len(own) < len(shape):
        return [_spread(value, shape[1:])] * shape[0]
    if not shape:
        return value
    if own[0] not in (1, shape[0]):
        raise UnknownError
    rows = [*value] * (shape[0] if own[0] == 1 else 1)
    return [_spread(row, shape[1:]) for row in rows]


def each(walker: Walker, values: Sequence[Any], change: Callable[..., Any]) -> Any:
    """Return an array of what becomes of the numbers at the same places."""
    for value in values:
        walker.heap.check(value)
    shapes = [_shape(value) for value in values]
    deep = max(map(len, shapes))
    padded = [(*(1,) * (deep - len(shape)), *shape) for shape in shapes]
    shape = tuple(max(sizes) if 0 not in sizes else 0 for sizes in zip(*padded))
    return _over(
        walker, [_spread(value, shape) for value in values], len(shape), change
    )


def _over(walker: Walker, rows: Sequence[Any], deep: int, change: Callable[..., Any]) -> Any:  # fmt: skip
    walker.numbers.turn()
    if not deep:
        return change(*rows)
    found = [_over(walker, at, deep - 1, change) for at in zip(*rows)]
    return walker.held(Array(found))


def matrix(walker: Walker, one: Any, other: Any) -> Any:
    """Return the product of arrays of one axis or two."""
    shapes = _shape(one), _shape(other)
    if not all(1 <= len(shape) <= 2 for shape in shapes) or shapes[0][-1] != shapes[1][0]:  # fmt: skip
        raise UnknownError
    lines = one if len(shapes[0]) == 2 else [one]
    columns = [*zip(*other)] if len(shapes[1]) == 2 else [other]
    table = [[total(walker, [product(walker, p) for p in zip(a, b)]) for b in columns] for a in lines]  # fmt: skip
    if len(shapes[1]) == 1:
        flat = [row[0] for row in table]
        return flat[0] if len(shapes[0]) == 1 else walker.held(Array(flat))
    if len(shapes[0]) == 1:
        return walker.held(Array(table[0]))
    return made(walker, List(map(List, table)))


def said(walker: Walker, owner: Array, name: str) -> Any:
    """Return what an array says of itself by a name that is no method."""
    shape = _shape(owner)
    if name == "T":
        turned = [List(line) for line in zip(*owner)] if len(shape) == 2 else [*owner]
        found = made(walker, List(turned))
        found.shared = owner.shared = True
        return found
    known = {"shape": shape, "ndim": len(shape), "size": math.prod(shape)}
    if name not in known:
        raise UnknownError
    return known[name]


def _along(walker: Walker, args: Sequence[Any], named: Mapping[str, Any], reduce: Callable[[Sequence[Any]], Any]) -> Any:  # fmt: skip
    """Return what reduces an array, along all axes or one."""
    value, axes = args[0], [*args[1:], *named.values()]
    if {*named} - {"axis"} or len(axes) > 1 or not (_shape(value) or type(value) is Place):  # fmt: skip
        raise UnknownError
    if not axes:
        return reduce(numbers_in(value))
    shape = _shape(value)
    if type(axes[0]) is not int or len(shape) > 2 or not -len(shape) <= axes[0] < len(shape):  # fmt: skip
        raise UnknownError
    if len(shape) == 1:
        return reduce(value)
    lines = value if axes[0] % 2 else [*zip(*value)]
    return walker.held(Array([reduce([*line]) for line in lines]))


def _mean(walker: Walker, values: Sequence[Any]) -> Any:
    if not values:
        raise UnknownError
    return walker.numbers.operation(ast.Div(), total(walker, values), len(values))


def _filled(walker: Walker, size: Any, value: Any) -> Any:
    sizes = size if type(size) is tuple else (size,)
    if any(type(each) is not int or not 0 <= each <= _LONGEST for each in sizes):
        raise UnknownError
    for each in reversed(sizes):
        value = List([value] * each)
    return made(walker, value)


def _linspace(walker: Walker, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    first, last, *more = args
    count = [*more, *(v for n, v in named.items() if n == "num")] or [50]
    closed = named.get("endpoint", True)
    if {*named} - {"num", "endpoint"} or type(closed) is not bool:
        raise UnknownError
    if len(count) > 1 or type(count[0]) is not int or not 0 <= count[0] <= _LONGEST:
        raise UnknownError
    numbers = walker.numbers
    step = numbers.operation(ast.Sub(), last, first)
    step = numbers.operation(ast.Div(), step, max(count[0] - closed, 1))
    parts = [numbers.operation(ast.Mult(), step, place) for place in range(count[0])]
    return made(walker, List([numbers.operation(ast.Add(), first, p) for p in parts]))


def _cross(walker: Walker, one: Any, other: Any) -> Any:
    if not _shape(one) == _shape(other) == (3,):
        raise UnknownError
    numbers, found = walker.numbers, []
    for a, b in ((1, 2), (2, 0), (0, 1)):
        parts = [product(walker, pair) for pair in ((one[a], other[b]), (one[b], other[a]))]  # fmt: skip
        found.append(numbers.operation(ast.Sub(), *parts))
    return walker.held(Array(found))


def _norm(walker: Walker, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    order = [*args[1:], *(v for n, v in named.items() if n == "ord")]
    if len(order) > 1 or {*named} - {"ord"} or not _shape(args[0]):
        raise UnknownError
    values = numbers_in(args[0])
    if not order or order[0] == Fixed(None) or (order == [2] and len(_shape(args[0])) == 1):  # fmt: skip
        return walker.numbers.call("hypot", values)
    if order == [1] and len(_shape(args[0])) == 1:
        return total(walker, [walker.numbers.call("abs", [v]) for v in values])
    raise UnknownError


def _polyval(walker: Walker, coefficients: Any, at: Any) -> Any:
    found: Any = 0
    for each_ in numbers_in(coefficients):
        found = walker.numbers.operation(ast.Mult(), found, at)
        found = walker.numbers.operation(ast.Add(), found, each_)
    return found


def _joined(walker: Walker, name: str, given: Any, axis: int) -> Any:
    """Return what numpy makes of several arrays by `vstack` and its like."""
    parts = [made(walker, each_) for each_ in given]
    deep = [len(_shape(part)) for part in parts]
    if not parts or max(deep) > 2 or (name == "stack" and (max(deep) > 1 or len({*map(_shape, parts)}) > 1)):  # fmt: skip
        raise UnknownError
    if name == "stack":
        found = made(walker, List(parts))
        if axis not in range(-max(deep) - 1, max(deep) + 1):
            raise UnknownError
        return found if axis in (0, -max(deep) - 1) else said(walker, found, "T")
    if name == "hstack" and max(deep) < 2:
        return made(walker, List([leaf for part in parts for leaf in numbers_in(part)]))
    if name == "hstack" and min(deep) < 2:
        raise UnknownError
    tables = []
    for part, axes in zip(parts, deep):
        line = numbers_in(part)
        column = [[leaf] for leaf in line]
        flat = column if name == "column_stack" else [line]
        tables.append([[*row] for row in part] if axes == 2 else flat)
    if name == "vstack":
        rows = [row for table in tables for row in table]
    elif len({*map(len, tables)}) > 1:
        raise UnknownError
    else:
        rows = [[leaf for row in line for leaf in row] for line in zip(*tables)]
    return made(walker, List(map(List, rows)))


def _plain(walker: Walker, name: str, args: Sequence[Any]) -> Any:
    """Return what a function makes of arguments that are given by their places alone."""
    count = len(args)
    if name in ("dot", "matmul", "inner") and count == 2:
        if name == "dot" and () in map(_shape, args):
            return each(walker, args, lambda *pair: product(walker, pair))
        return matrix(walker, *args)
    if name == "vdot" and count == 2:
        pairs = zip(*map(numbers_in, args))
        return total(walker, [product(walker, pair) for pair in pairs])
    if name == "outer" and count == 2:
        lines = [List([product(walker, (a, b)) for b in args[1]]) for a in args[0]]
        return made(walker, List(lines))
    if name == "cross" and count == 2:
        return _cross(walker, *args)
    if name == "diff" and count == 1 and len(_shape(args[0])) == 1:
        pairs = zip(args[0][1:], args[0])
        return made(walker, List([walker.numbers.operation(ast.Sub(), *p) for p in pairs]))  # fmt: skip
    if name == "cumsum" and count == 1:
        values = numbers_in(args[0])
        return made(walker, List([total(walker, values[: k + 1]) for k in range(len(values))]))  # fmt: skip
    if name == "polyval" and count == 2:
        return _polyval(walker, *args)
    if name == "transpose" and count == 1 and isinstance(args[0], Array):
        return said(walker, args[0], "T")
    if name == "arange" and all(type(arg) is int for arg in args) and 0 < count < 4:
        steps = range(*args)
        if len(steps[: _LONGEST + 1]) > _LONGEST:
            raise UnknownError
        return made(walker, steps)
    if name == "where" and count == 3:
        return each(walker, args, lambda test, a, b: walker.heap.chosen(test, a, b) if isinstance(test, Place) else a if test else b)  # fmt: skip
    raise UnknownError


def of_library(walker: Walker, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
    """Return what scipy makes of arrays of any library, where they are numpy's."""
    if name == "array_namespace":
        return Imported("numpy")
    if (
        name != "xp_promote"
        or len(args) != 1
        or named.get("force_floating") is not True
    ):
        raise UnknownError
    value = args[0] if isinstance(args[0], Array) else made(walker, args[0])
    if not is_of_floats(value):
        raise UnknownError
    return value


def call(walker: Walker, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
    """Return what a function of numpy's makes of arrays.

    Raises:
        UnknownError: it is none of these.
    """
    if name in ("array", "asarray", "asanyarray", "zeros", "ones") and len(args) == 2:
        args, named = args[:1], {**named, "dtype": args[1]}
    kind = named.get("dtype")
    if kind is not None:
        if not isinstance(kind, Imported) or kind.name not in ("float", "float64", "double"):  # fmt: skip
            raise UnknownError
        named = {n: v for n, v in named.items() if n != "dtype"}
    reducing: Mapping[str, Callable[[Sequence[Any]], Any]] = {
        "sum": lambda values: total(walker, values),
        "prod": lambda values: product(walker, values),
        "mean": lambda values: _mean(walker, values),
        "average": lambda values: _mean(walker, values),
        "any": lambda values: told(walker, values, False),
        "all": lambda values: told(walker, values, True),
        **dict.fromkeys(("max", "amax"), lambda values: extreme(walker, "max", values)),
        **dict.fromkeys(("min", "amin"), lambda values: extreme(walker, "min", values)),
    }
    if name in reducing and args:
        return _along(walker, args, named, reducing[name])
    if name == "norm" and args:
        return _norm(walker, args, named)
    if name == "linspace" and len(args) in (2, 3):
        return _linspace(walker, args, named)
    if name in ("vstack", "hstack", "column_stack", "stack") and len(args) == 1:
        axis = named.get("axis", 0) if name == "stack" else 0
        if type(axis) is not int or {*named} - ({"axis"} if name == "stack" else set()):
            raise UnknownError
        return _joined(walker, name, through(walker, args[0]), axis)
    if named:
        raise UnknownError
    if name in ("array", "asarray", "asanyarray") and len(args) == 1:
        if name != "array" and isinstance(args[0], Array):
            return args[0]
        return made(walker, args[0])
    if name in ("zeros", "ones") and len(args) == 1:
        return _filled(walker, args[0], walker.numbers.number(float(name == "ones")))
    if name == "full" and len(args) == 2:
        return _filled(walker, *args)
    return _plain(walker, name, args)
