"""Sequences in, as Python's own functions, methods and brackets take them; what these give out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.prove.python.heap import Array, Dict, List, gone_through
from gradgen.prove.python_expressions import Fixed
from gradgen.prove.python_numbers import Place, UnknownError

if TYPE_CHECKING:
    from gradgen.prove.python.holding import Holding as Walker

#: No sequence holds more.
_LONGEST = 50_000


class Sets(tuple[Any, ...]):
    """A set of keys."""


def key(walker: Walker, value: Any) -> Any:
    """Return what a dict knows a value by."""
    if isinstance(value, Fixed):
        return value.value
    if type(value) is tuple:
        return tuple(key(walker, each) for each in value)
    written = walker.numbers.written(value)
    if written is None:
        raise UnknownError
    return written


def of_key(walker: Walker, value: Any) -> Any:
    """Return what a key of a dict is."""
    if type(value) is tuple:
        return tuple(of_key(walker, each) for each in value)
    if value is None or type(value) is str:
        return Fixed(value)
    return value if type(value) is bool else walker.numbers.number(value)


def through(walker: Walker, value: Any) -> list[Any]:
    """Return what Python goes through."""
    walker.heap.check(value)
    if isinstance(value, Sets):
        raise UnknownError  # in no certain order
    found = []
    for each in gone_through(value):
        walker.numbers.turn()
        found.append(of_key(walker, each) if isinstance(value, Dict) else each)
    return found


def is_truth(value: Any) -> bool:
    """Whether a value is a truth, or an array of them."""
    if isinstance(value, Array):
        return all(map(is_truth, value))
    return type(value) is bool or (isinstance(value, Place) and value.truth)


def taken(walker: Walker, owner: Any, at: Any) -> Any:
    """Return what stands in brackets behind a sequence."""
    walker.heap.check(owner)
    if owner is not None and owner is walker.numbers.none_yet:
        return owner
    if isinstance(owner, Fixed) and type(owner.value) is str and type(at) is int:
        return Fixed(owner.value[at])
    if isinstance(owner, (Place, Array)) and is_truth(at):
        return owner  # of what is put where the same condition holds
    if isinstance(owner, Dict):
        try:
            return owner[key(walker, at)]
        except KeyError:
            raise UnknownError from None
    if isinstance(owner, Array) and type(at) is tuple and any(type(each) is slice for each in at):  # fmt: skip
        return _part(walker, owner, at)
    if isinstance(owner, Array) and type(at) is tuple:
        for each in at:
            owner = taken(walker, owner, each)
        return owner
    if isinstance(at, Place) and (ways := walker.numbers.wholes.of(at)):
        return _one_of(walker, owner, at, sorted(ways))
    if not isinstance(owner, (tuple, List, Array, range)) or type(at) not in (int, slice):  # fmt: skip
        raise UnknownError
    try:
        found = owner[at]
    except IndexError:
        return walker.numbers.nothing()  # as Python raises there
    if isinstance(owner, List) and type(at) is slice:
        return walker.held(List(found))
    if isinstance(owner, Array) and (type(at) is slice or isinstance(found, Array)):
        part = Array(found)
        owner.shared = part.shared = True
        return part
    return found


def _part(walker: Walker, owner: Any, at: Sequence[Any]) -> Any:
    """Return the part of an array that indices and slices of several axes name."""
    if not at:
        return owner
    if not isinstance(owner, Array) or type(at[0]) not in (int, slice):
        raise UnknownError
    owner.shared = True
    if type(at[0]) is int:
        return _part(walker, taken(walker, owner, at[0]), at[1:])
    part = walker.held(Array([_part(walker, each, at[1:]) for each in owner[at[0]]]))
    part.shared = True
    return part


def _one_of(walker: Walker, owner: Any, at: Any, ways: Sequence[int]) -> Any:
    """Return what stands at an index that is one of several; out of range, where Python raises, there is nothing."""
    if not isinstance(owner, (tuple, List, Array, range)):
        raise UnknownError
    found = walker.numbers.nothing()
    for way in ways:
        if -len(owner) <= way < len(owner):
            item = owner[way]
            if isinstance(item, (List, Array, Dict)):
                item = tuple(item)
            test = walker.numbers.comparison([ast.Eq()], [at, way])
            found = walker.heap.chosen(test, item, found)
    return found


def put(walker: Walker, owner: Any, at: Any, value: Any) -> None:
    """Assign to what stands in brackets behind a sequence."""
    if type(at) is tuple and any(type(each) is slice for each in at):
        raise UnknownError
    if isinstance(owner, Array) and type(at) is tuple and len(at) == 2:
        walker.heap.change(owner)
        owner = owner[at[0]]
        at = at[1]
    else:
        walker.heap.change(owner)
    if isinstance(owner, Dict):
        owner[key(walker, at)] = value
        return
    if isinstance(owner, Array) and type(at) is slice:
        _put_all(walker, owner, range(len(owner))[at], value)
        return
    if type(at) is not int or not -len(owner) <= at < len(owner):
        raise UnknownError
    if isinstance(owner, Array) and (not isinstance(value, (int, Place)) or type(owner[at]) is int):  # fmt: skip
        raise UnknownError
    owner[at] = value


def _put_all(walker: Walker, owner: Array, places: range, value: Any) -> None:
    """Assign to a slice of an array of floats."""
    walker.heap.check(value)
    one = isinstance(value, (int, Place))
    if not one and not isinstance(value, (tuple, List, Array)):
        raise UnknownError
    values = [value] if one else [*value]
    if len(values) == 1:
        values *= len(places)
    floats = all(type(each) is Place for each in owner)
    if not floats or len(values) != len(places) or any(type(each) not in (int, Place) for each in values):  # fmt: skip
        raise UnknownError
    for place, each in zip(places, values):
        owner[place] = walker.numbers.number(float(each)) if type(each) is int else each


def joined(walker: Walker, op: ast.operator, one: Any, other: Any) -> Any:
    """Return what `+` and `*` make of lists and tuples."""
    kinds = type(one), type(other)
    if isinstance(op, ast.Add) and kinds in ((tuple, tuple), (List, List)):
        found = [*one, *other]
    elif isinstance(op, ast.Mult) and int in kinds:
        row, times = (one, other) if kinds[1] is int else (other, one)
        if type(row) not in (tuple, List) or times * len(row) > _LONGEST:
            raise UnknownError
        found = [*row] * times
    else:
        raise UnknownError
    return tuple(found) if tuple in kinds else walker.held(List(found))


def total(walker: Walker, values: Sequence[Any], start: Any = 0) -> Any:
    """Return a sum, from the first on."""
    for value in values:
        start = walker.numbers.operation(ast.Add(), start, value)
    return start


def product(walker: Walker, values: Sequence[Any], start: Any = 1) -> Any:
    """Return a product, from the first on."""
    for value in values:
        start = walker.numbers.operation(ast.Mult(), start, value)
    return start


def extreme(walker: Walker, name: str, values: Sequence[Any]) -> Any:
    """Return the largest of numbers, or the smallest."""
    if not values:
        raise UnknownError
    if all(type(each) is int for each in values):
        return max(values) if name == "max" else min(values)
    return values[0] if len(values) == 1 else walker.numbers.call(name, values)


def told(walker: Walker, values: Sequence[Any], every: bool) -> Any:
    """Return whether all of the conditions hold, or any."""
    tests = []
    for value in values:
        test = walker.condition(value)
        if test is not every:
            tests.append(test)
        if test is (not every):
            break
    if not tests:
        return every
    op = ast.And() if every else ast.Or()
    return tests[0] if len(tests) == 1 else walker.numbers.joined(op, tests)


def distance(walker: Walker, ones: Sequence[Any], others: Sequence[Any]) -> Any:
    """Return how far two points are from each other."""
    if len(ones) != len(others):
        raise UnknownError
    parts = [walker.numbers.operation(ast.Sub(), *pair) for pair in zip(ones, others)]
    return walker.numbers.call("hypot", parts)


def in_order(walker: Walker, values: Sequence[Any], back: bool) -> list[Any]:
    """Return values that are written, in order."""
    keys = [key(walker, value) for value in values]
    if {type(each) for each in keys} not in ({int}, {float}, {int, float}, {str}):
        raise UnknownError
    places = sorted(range(len(keys)), key=keys.__getitem__, reverse=back)
    return [values[place] for place in places]


def call(walker: Walker, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
    """Return what one of Python's own functions, or one of `math`, makes of sequences.

    Raises:
        UnknownError: it is none of these.
    """
    if name in ("zip", "enumerate", "range", "map", "reversed"):
        return _lazy(walker, name, args, named)
    rows = [through(walker, arg) for arg in args if not walker.is_plain(arg)]
    if name in ("max", "min") and len(args) == len(rows) == 1 and not named:
        return extreme(walker, name, rows[0])
    if name == "dict" and len(args) <= 1:
        found = Dict(args[0]) if args and isinstance(args[0], Dict) else Dict()
        if args and not isinstance(args[0], Dict):
            found = Dict({key(walker, pair[0]): pair[1] for pair in map(tuple, rows[0])})  # fmt: skip
        found.update(named)
        return walker.held(found)
    if name == "len" and len(args) == 1 and not named:
        walker.heap.check(args[0])
        if isinstance(args[0], Fixed) and type(args[0].value) is str:
            return len(args[0].value)
        if not isinstance(args[0], (tuple, list, dict, range)):
            raise UnknownError
        return len(args[0])
    if name in ("list", "tuple", "set", "frozenset") and len(args) == len(rows) < 2 and not named:  # fmt: skip
        items = rows[0] if rows else []
        if name in ("set", "frozenset"):
            keys = dict.fromkeys(key(walker, each) for each in items)
            return Sets(of_key(walker, each) for each in keys)
        return tuple(items) if name == "tuple" else walker.held(List(items))
    if name == "sorted" and len(rows) == 1 and {*named} <= {"reverse"}:
        back = named.get("reverse", False)
        if type(back) is not bool:
            raise UnknownError
        return walker.held(List(in_order(walker, rows[0], back)))
    if name in ("sum", "prod") and rows and {*named} <= {"start"}:
        start = [*args[1:], *named.values()]
        return (total if name == "sum" else product)(walker, rows[0], *start)
    if name == "fsum" and len(rows) == 1 and not named:
        return total(walker, rows[0])
    if name in ("any", "all") and len(rows) == 1 and not named:
        return told(walker, rows[0], name == "all")
    if name == "dist" and len(rows) == 2 and not named:
        return distance(walker, *rows)
    if name == "sumprod" and len(rows) == 2 and len(rows[0]) == len(rows[1]):
        return total(walker, [product(walker, pair) for pair in zip(*rows)])
    raise UnknownError


def _lazy(walker: Walker, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
    """Return what is gone through once, and a range."""
    if name == "range":
        bounds = [arg for arg in args if type(arg) is int]
        if not 0 < len(bounds) == len(args) < 4 or named or bounds[2:] == [0]:
            raise UnknownError
        found = range(*bounds)
        if len(found[: _LONGEST + 1]) > _LONGEST:
            raise UnknownError
        return found
    if name == "map":
        rows = [through(walker, arg) for arg in args[1:]]
        return iter([walker.applied(args[0], [*each], {}) for each in zip(*rows)])
    rows = [through(walker, arg) for arg in args if type(arg) is not int]
    if name == "zip":
        strict = named.get("strict", False)
        if {*named} - {"strict"} or type(strict) is not bool or (strict and len({*map(len, rows)}) > 1):  # fmt: skip
            raise UnknownError
        return iter([*zip(*rows)])
    if name == "reversed" and len(rows) == 1 and not named:
        return iter(rows[0][::-1])
    start = [*args[1:], *named.values()]
    if name != "enumerate" or len(start) > 1 or any(type(s) is not int for s in start):
        raise UnknownError
    return iter([*enumerate(rows[0], *start)])


def method(walker: Walker, owner: Any, name: str, args: Sequence[Any]) -> Any:
    """Return what a method of a list, a tuple or a dict gives, after it has changed that where it does."""
    walker.heap.check(owner)
    changing = {**_OF_LISTS, "clear": None} if isinstance(owner, List) else {}
    if isinstance(owner, Dict):
        changing = dict.fromkeys(("update", "pop", "clear"))
    if name in changing:
        walker.heap.change(owner)
        return _changed(walker, owner, name, args)
    if name == "copy" and not args and isinstance(owner, (List, Dict)):
        return walker.held(type(owner)(owner))
    if isinstance(owner, Dict):
        return _of_dict(walker, owner, name, args)
    if name in ("index", "count") and isinstance(owner, (tuple, List)) and len(args) == 1:  # fmt: skip
        same = [walker.same(each, args[0]) for each in owner]
        if any(type(each) is not bool for each in same) or (name == "index" and True not in same):  # fmt: skip
            raise UnknownError
        return same.index(True) if name == "index" else sum(same)
    raise UnknownError


_OF_LISTS: Mapping[str, Callable[..., Any] | None] = {
    "append": list.append,
    "insert": list.insert,
    "reverse": list.reverse,
    "pop": list.pop,
    "extend": None,
    "sort": None,
}


def _changed(walker: Walker, owner: Any, name: str, args: Sequence[Any]) -> Any:
    if name == "extend":
        owner += through(walker, *args)
    elif name == "sort" and not args:
        owner[:] = in_order(walker, owner, False)
    elif name == "update":
        if len(args) != 1 or not isinstance(args[0], Dict):
            raise UnknownError
        owner.update(args[0])
    elif isinstance(owner, Dict) and name == "pop":
        return owner.pop(key(walker, args[0]))
    elif name == "clear":
        owner.clear()
    else:
        found = _OF_LISTS[name]
        if found is None or (name in ("insert", "pop") and args and type(args[0]) is not int):  # fmt: skip
            raise UnknownError
        try:
            gone = found(owner, *args)
        except (TypeError, IndexError):
            raise UnknownError from None
        return gone if name == "pop" else Fixed(None)
    return Fixed(None)


def _of_dict(walker: Walker, owner: Dict, name: str, args: Sequence[Any]) -> Any:
    if name == "get" and 1 <= len(args) <= 2:
        return owner.get(key(walker, args[0]), *args[1:] or (Fixed(None),))
    if args:
        raise UnknownError
    keys = [of_key(walker, each) for each in owner]
    found = {"keys": keys, "values": [*owner.values()], "items": [*zip(keys, owner.values())]}  # fmt: skip
    if name not in found:
        raise UnknownError
    return iter(found[name])
