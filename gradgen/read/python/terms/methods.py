"""A sequence and what is asked of it behind a dot in; what that comes to out, after it has changed where it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gradgen.read.python.arrays import arranged, shaping, statistics
from gradgen.read.python.terms import arrays
from gradgen.read.python.terms.builtin import CALLS
from gradgen.read.python.terms.cells import Cells
from gradgen.read.python.terms.rows import (  # fmt: skip
    Row,
    RowError,
    SizeError,
    constant,
    iterator,
    key_of,
    listed,
    row_of,
)
from gradgen.read.python.terms.subscripts import place_of, same
from gradgen.read.python.terms.value import Known, Value, index

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

#: How many arguments a method takes that changes a sequence, at least and at most.
CHANGING: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "list": {
        "append": (1, 1),
        "extend": (1, 1),
        "insert": (2, 2),
        "pop": (0, 1),
        "reverse": (0, 0),
        "clear": (0, 0),
        "sort": (0, 0),
    },
    "dict": {"update": (1, 1), "pop": (1, 1), "clear": (0, 0)},
}


def changed(
    scope: Scope, name: str, base: Value, args: Sequence[Value], named: Sequence[str]
) -> bool:
    """Change a sequence by one of its methods; return whether the method is one that does."""
    row = row_of(base)
    counts = CHANGING.get(row.kind if row is not None else "", {}).get(name)
    if row is None or counts is None:
        return False
    cells = scope.constants.draft.cells
    row = cells.changeable(base, name)
    if named or not counts[0] <= len(args) <= counts[1]:
        raise RowError(f"the arguments of `{name}` are not read here")
    if row.kind == "dict":
        _dict_changed(cells, row, name, args)
        return True
    items = [*row.items]
    if name == "append":
        items.append(args[0])
    elif name == "extend":
        items += listed(args[0])
    elif name == "insert":
        if args[0].whole is None:
            raise RowError("an index is a whole number that is known when compiling")
        items.insert(args[0].whole, args[1])
    elif name == "pop":
        items.pop(place_of(row, args[0] if args else index(-1)))
    elif name == "reverse":
        items.reverse()
    elif name == "sort":
        items = listed(CALLS["builtins.sorted"](scope, [row.value], {}) or base)
    else:
        items.clear()
    cells.store(row, (*items,))
    return True


def _dict_changed(cells: Cells, row: Row, name: str, args: Sequence[Value]) -> None:
    held = dict(zip(row.keys, row.items))
    if name == "update":
        other = row_of(args[0])
        if other is None or other.kind != "dict":
            raise RowError("a dict is updated by another one")
        held.update(zip(other.keys, other.items))
    elif name == "pop":
        place_of(row, args[0])
        held.pop(key_of(args[0]))
    else:
        held.clear()
    cells.store(row, (*held.values(),), (*held,))


def called(
    scope: Scope, name: str, base: Value, args: Sequence[Value], named: Mapping[str, Value]
) -> Value:  # fmt: skip
    """Return what a method of a sequence comes to that changes nothing."""
    row = row_of(base)
    if row is None:
        held = base.known.value if base.known is not None else None
        found = _of_text(held, name, args) if isinstance(held, str) and not named else None  # fmt: skip
        told = base.condition and base.narrow and name in ("any", "all")
        if base.known is None and (name == "item" or told) and not (args or named):
            return base  # what one of numpy's numbers or truths is
        if base.is_number and name == "get" and args:
            error = SizeError("only a dict is asked by `get`", base)
            text = args[0].known.value if args[0].known is not None else None
            error.key = text if isinstance(text, str) else ""
            raise error
        if found is None and base.is_number and name in _METHODS["array"]:
            raise SizeError(f"`{name}` is asked of an array", base)
        if found is None:
            raise RowError("only what modules hold is read with a dot")
        return found
    if name in CHANGING.get(row.kind, {}):
        raise RowError(
            f"`{name}` changes a {row.kind}, and stands on a line of its own"
        )
    alone = row.kind == "sequence" and name not in ("copy", "index", "count")
    kind = "array" if alone else row.kind  # as no list has any other of these
    method = _METHODS.get(kind, {}).get(name)
    if kind == "array" and named and name in _ALONG:
        return _numpy_made(scope, name, [base, *args], named)
    if method is None or named:
        raise RowError(f"`{name}` of {row.word} is not read here")
    return method(scope, row, base, args)


def _of_text(held: str, name: str, args: Sequence[Value]) -> Value | None:
    """Return what a method of a text comes to."""
    plain = ("lower", "upper", "strip", "title", "capitalize")
    texts = [arg.known.value if arg.known is not None else None for arg in args]
    if name in plain and not args:
        return Value("", known=Known(getattr(held, name)()))
    if name in ("startswith", "endswith") and len(args) == 1 and isinstance(texts[0], str):  # fmt: skip
        return Value(str(getattr(held, name)(texts[0])), condition=True, truth=getattr(held, name)(texts[0]))  # fmt: skip
    return None


Method = Callable[["Scope", Row, Value, Sequence[Value]], Value]


def _index(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    if len(args) != 1:
        raise RowError("`index` takes 1 argument here")
    for place, item in enumerate(row.items):
        found = same(item, args[0], scope.constants.draft.cells)
        if found is None:
            raise RowError("where a value stands among numbers is not known when compiling")  # fmt: skip
        if found:
            return index(place)
    raise RowError("the value stands nowhere in this")


def _count(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    found = [same(item, arg, scope.constants.draft.cells) for arg in args[:1] for item in row.items]  # fmt: skip
    if len(args) != 1 or None in found:
        raise RowError("how often a number is among numbers is not known when compiling")  # fmt: skip
    return index(sum(map(bool, found)))


def _copy(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    return scope.made(Row(row.kind, row.items, row.keys))


def _copied(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    """Return a copy of a parameter, a list or an array, whose numbers may be assigned one by one."""
    if args or row.inner or scope.namer is None:
        raise RowError("of a parameter that is a sequence of numbers, `copy()` is read; write list(...) of others")  # fmt: skip
    return scope.constants.draft.cells.new(Row(row.kind, row.items)).value


def _get(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    if not 1 <= len(args) <= 2:
        raise RowError("`get` takes a key, and a default")
    if key_of(args[0]) in row.keys:
        return scope.constants.draft.cells.read(row.items[place_of(row, args[0])])
    return args[1] if len(args) > 1 else Value("", known=Known(None))


def _held(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    """Return what a dict of a caller's holds under a text, whatever else would be in its place."""
    if not 1 <= len(args) <= 2:
        raise RowError("`get` takes a key, and a default")
    return row.items[place_of(row, args[0])]


def _keys(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    return iterator(listed(base), base)


def _values(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    return iterator(row.items, base)


def _pairs(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    pairs = zip(map(constant, row.keys), row.items)
    return iterator([Row("tuple", pair).value for pair in pairs], base)


def _numpy_made(scope: Scope, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
    found = _CALLS[f"numpy.{name}"](scope, args, named)
    assert found is not None
    return found


def _numpy(name: str) -> Method:
    return lambda scope, row, base, args: _numpy_made(scope, name, [base, *args], {})


def _as_type(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    if len(args) != 1:
        raise RowError("`astype` takes a type")
    return _numpy_made(scope, "array", [base], {"dtype": args[0]})


def _flat(scope: Scope, row: Row, base: Value, args: Sequence[Value]) -> Value:
    if args:
        raise RowError("`flatten` is read without arguments")
    return arrays.array(scope, Row("array", (*arrays.leaves_of(base),)).value)


_CALLS = {**arrays.CALLS, **arranged.CALLS, **shaping.CALLS, **statistics.CALLS}
#: What an array does along an axis, or with another argument by its name.
_ALONG = ("sum", "prod", "mean", "min", "max", "any", "all", "var", "std")
#: What it does by the same name as numpy.
_AS_NUMPY = (
    *_ALONG,
    "dot",
    "cumsum",
    "cumprod",
    "ravel",
    "repeat",
    "reshape",
    "squeeze",
)


_ORDERED: Mapping[str, Method] = {"index": _index, "count": _count}
_METHODS: Mapping[str, Mapping[str, Method]] = {
    "tuple": _ORDERED,
    "range": _ORDERED,
    "list": {**_ORDERED, "copy": _copy},
    "dict": {
        "copy": _copy,
        "get": _get,
        "keys": _keys,
        "values": _values,
        "items": _pairs,
    },
    "sequence": {"copy": _copied},
    "record": {"get": _held},
    "array": {
        "copy": _copy,
        "astype": _as_type,
        "flatten": _flat,
        "tolist": lambda scope, row, base, args: arrays.as_list(scope, base),
        **{
            name: _numpy(name)
            for name in _AS_NUMPY
        },
    },
}  # fmt: skip
