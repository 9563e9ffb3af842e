"""A call of one of Python's own functions, or of `math`, that take sequences, in; what it comes to out."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gradgen.read.python.bound import CALLEES, Partial
from gradgen.read.python.draft import MAX_STATEMENTS
from gradgen.read.python.terms.rows import (  # fmt: skip
    HELD,
    CountError,
    FewError,
    Row,
    RowError,
    SizeError,
    is_row,
    iterator,
    key_of,
    listed,
    literal,
    narrowed,
    row_of,
)
from gradgen.read.python.terms.value import (  # fmt: skip
    AND,
    ELSE,
    OR,
    POWER,
    PRODUCT,
    SUM,
    Known,
    Value,
    index,
    number,
    tested,
    truth,
)

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

#: A number that is written as text has at most so many characters.
_LONGEST = 300
#: The factorial of a larger number is no whole number among doubles.
_FACTORS = 18
#: Why a sum is not read that Python rounds once, after all of its terms, as no line of a module does.
_ROUNDED_ONCE = '`{0}` rounds once, after all terms, and the lines of a module after each; --means "{0}={1}" adds them up one by one'
#: What a call comes to: of its arguments, in order and by name; None where it is one of numbers alone.
Called = Callable[["Scope", Sequence[Value], Mapping[str, Value]], "Value | None"]


def _no_names(named: Mapping[str, Value], *known: str) -> None:
    for name in named:
        if name not in known:
            raise RowError(f"the argument `{name}` is not read here")


def _one(args: Sequence[Value], what: str) -> Value:
    if len(args) != 1:
        raise RowError(f"`{what}` takes 1 argument, not {len(args)}")
    return args[0]


def numbers(values: Sequence[Value]) -> Sequence[Value]:
    """Return values that are numbers."""
    for value in values:
        if value.known is not None:
            raise RowError(value.known.refusal)
        if value.condition:
            raise RowError("a comparison is not a number; choose by it, as in `1.0 if x > 0 else 0.0`")  # fmt: skip
    return values


def _of_text(kind: type[float | int]) -> Called:
    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        text = args[0].known.value if len(args) == 1 and args[0].known else None
        if not isinstance(text, str) or named:
            return None
        word = text.strip().lower().lstrip("+-")
        if kind is float and word in ("nan", "inf", "infinity"):
            return scope.edge(word[:3])
        try:
            found = kind(text)
            finite = math.isfinite(found)
        except (ValueError, OverflowError):
            finite = False
        if not finite or len(text) > _LONGEST:
            raise RowError("this text is no finite number")
        return index(found) if isinstance(found, int) else number(found)

    return called


def counted(value: Value) -> Value:
    """Return a condition as a number, 1 where it holds; a number as it is."""
    if not value.condition:
        return value
    if value.truth is not None:
        return index(int(value.truth))
    return Value(f"1 if {value.inside(OR)} else 0", ELSE, integral=True)


def total(values: Sequence[Value]) -> Value:
    """Return the sum of numbers, in order."""
    values = [v for v in numbers(values) if v.whole != 0] or [index(0)]
    wholes = [v.whole for v in values if v.whole is not None]
    if len(wholes) == len(values):
        return narrowed(index(sum(wholes)), values, sum(wholes))
    if len(values) == 1:
        return values[0]
    texts = [values[0].inside(SUM), *(v.inside(SUM + 1) for v in values[1:])]
    return Value(" + ".join(texts), SUM, integral=all(v.may_be_whole for v in values))


def product(values: Sequence[Value]) -> Value:
    """Return the product of numbers, in order."""
    values = [v for v in numbers(values) if v.whole != 1] or [index(1)]
    if len(values) == 1:
        return values[0]
    texts = [values[0].inside(PRODUCT), *(v.inside(PRODUCT + 1) for v in values[1:])]
    wholes = [v.whole for v in values if v.whole is not None]
    whole = math.prod(wholes) if len(wholes) == len(values) else None
    integral = all(v.may_be_whole for v in values)
    return narrowed(Value(" * ".join(texts), PRODUCT, integral=integral), values, whole)  # fmt: skip


def dot(ones: Sequence[Value], others: Sequence[Value]) -> Value:
    """Return the sum of the products of numbers."""
    if len(ones) != len(others):
        raise FewError(f"these are {len(ones)} and {len(others)} values", max(len(ones), len(others)))  # fmt: skip
    return total([product(pair) for pair in zip(ones, others)])


def root_of_squares(scope: Scope, values: Sequence[Value]) -> Value:
    """Return the length of a vector."""
    scope.constants.called.add("sqrt")
    squares = [Value(f"{v.inside(POWER + 1)} ** 2", POWER) for v in numbers(values)]
    return Value(f"sqrt({total(squares).text})")


def difference(one: Value, other: Value) -> Value:
    """Return the difference of two numbers."""
    numbers([one, other])
    text = f"{one.inside(SUM)} - {other.inside(SUM + 1)}"
    known = one.whole is not None and other.whole is not None
    whole = (one.whole or 0) - (other.whole or 0) if known else None
    integral = one.may_be_whole and other.may_be_whole
    return narrowed(Value(text, SUM, integral=integral), (one, other), whole)


def joined(values: Sequence[Value], all_: bool) -> Value:
    """Return whether all of the conditions hold, or any."""
    left = []
    for value in map(tested, values):
        if value.truth is not None and value.truth is not all_:
            left.append(value)
            break
        if value.truth is None:
            left.append(value)
    if left and left[-1].truth is not None and len(left) == 1:
        return left[0]
    if not left:
        return truth(all_)
    if len(left) == 1:
        return left[0]
    word, binds = ("and", AND) if all_ else ("or", OR)
    text = f" {word} ".join(value.inside(binds + 1) for value in left)
    return Value(text, binds, condition=True)


# Calls.


def _len(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    value = _one(args, "len")
    row = row_of(value)
    if row is not None and row.kind == "record":
        raise RowError(HELD)
    if row is not None and row.kind != "iterator":
        return index(len(row))
    held = value.known.value if value.known is not None else None
    if isinstance(held, str):
        return index(len(held))
    raise SizeError("only a sequence has a length", value)


def _sum(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named, "start")
    start = [*args[1:2], *named.values()]
    if not 1 <= len(args) + len(named) <= 2:
        raise RowError("`sum` takes a sequence, and what it starts with")
    return total([*start, *map(counted, listed(args[0]))])


def _prod(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named, "start")
    return product([*named.values(), *listed(_one(args, "math.prod"))])


def _fsum(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named)
    values = numbers(listed(_one(args, "math.fsum")))
    written = [number for number in map(literal, values) if number is not None]
    if len(written) == len(values):
        return number(math.fsum(written))
    if len(values) > 2:
        raise RowError(_ROUNDED_ONCE.format("math.fsum", "sum"))
    return total(values)


def _dist(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named)
    ones, others = _two(args, "math.dist")
    parts = [difference(*pair).text for pair in zip(ones, others)]
    name = "hypot" if len(parts) > 1 else "abs"
    scope.constants.called.add(name)
    return Value(f"{name}({', '.join(parts)})") if parts else number(0.0)


def _sumprod(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named)
    ones, others = _two(args, "math.sumprod")
    if len(ones) > 1:
        raise RowError(_ROUNDED_ONCE.format("math.sumprod", "dot"))
    return dot(ones, others)


def _two(args: Sequence[Value], what: str) -> tuple[list[Value], list[Value]]:
    if len(args) != 2:
        raise RowError(f"`{what}` takes 2 arguments, not {len(args)}")
    ones, others = map(listed, args)
    if len(ones) != len(others):
        raise RowError(f"these are {len(ones)} and {len(others)} values")
    return ones, others


def _extreme(name: str) -> Called:
    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        values = [*args]
        if len(args) == 1 and row_of(args[0]) is not None:
            values = listed(args[0])
        elif len(args) == 1 and args[0].is_number:
            raise SizeError(f"`{name}` of one number is not asked", args[0])
        elif not any(map(is_row, args)):
            return None
        _no_names(named)
        return extreme(scope, name, values)

    return called


def extreme(scope: Scope, name: str, values: Sequence[Value]) -> Value:
    """Return the largest of numbers, or the smallest."""
    if not values:
        raise RowError(f"`{name}` of an empty sequence")
    numbers(values)
    if len(values) == 1:
        return values[0]
    literals = [literal(v) if v.whole is None else v.whole for v in values]
    if None not in literals:
        pick = max if name == "max" else min
        return values[literals.index(pick(literals))]  # type: ignore[type-var]
    scope.constants.called.add(name)
    integral = any(value.may_be_whole for value in values)
    return Value(f"{name}({', '.join(value.text for value in values)})", integral=integral)  # fmt: skip


def _any(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named)
    return joined(listed(_one(args, "any")), False)


def _all(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named)
    return joined(listed(_one(args, "all")), True)


def _range(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named)
    bounds = [arg.whole for arg in args if arg.whole is not None]
    if not 0 < len(bounds) == len(args) <= 3:
        raise CountError(
            "`range` takes whole numbers that are known when compiling", args
        )
    if len(bounds) == 3 and not bounds[2]:
        raise RowError("the step of a range is not 0")
    steps = range(*bounds)
    far = max(abs(steps.start), abs(steps.stop), abs(steps.step)) > sys.maxsize
    if far or len(steps) > MAX_STATEMENTS:
        raise RowError(f"loops have at most {MAX_STATEMENTS} turns, all together")
    scope.spend(len(steps))
    return Row("range", (*map(index, steps),)).value


def _enumerate(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
    _no_names(named, "start")
    start = [*args[1:2], *named.values()]
    if not 1 <= len(args) + len(named) <= 2 or any(s.whole is None for s in start):
        raise RowError("`enumerate` takes a sequence, and the whole number that it starts with")  # fmt: skip
    first = start[0].whole if start else 0
    items = listed(args[0])
    pairs = [Row("tuple", (index((first or 0) + place), item)).value for place, item in enumerate(items)]  # fmt: skip
    return iterator(pairs, args[0])


def _zip(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named, "strict")
    rows = [listed(arg) for arg in args]
    strict = named.get("strict")
    if strict is not None and strict.truth is None:
        raise RowError("the argument `strict` is True or False")
    if strict is not None and strict.truth and len({len(row) for row in rows}) > 1:
        raise RowError("`zip` of sequences of different lengths, which are to be equal")
    items = [Row("tuple", pair).value for pair in zip(*rows)]
    return iterator(items, *args)


def _reversed(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named)
    value = _one(args, "reversed")
    row = row_of(value)
    if row is None or row.kind in ("iterator", "set"):
        raise RowError("`reversed` takes a sequence")
    return iterator(listed(value)[::-1], value)


def _sorted(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named, "reverse")
    back = named.get("reverse")
    if back is not None and back.truth is None:
        raise RowError("the argument `reverse` is True or False")
    values = listed(_one(args, "sorted"))
    keys: list[object] = [literal(value) for value in values]
    if None in keys:
        keys = [value.known.value if value.known else None for value in values]
        if not all(isinstance(key, str) for key in keys):
            raise RowError("in which order numbers are is known of written ones alone; choose by `if`, `min` or `max`")  # fmt: skip
    order = sorted(
        range(len(keys)),
        key=lambda place: keys[place],  # type: ignore[arg-type, return-value]
        reverse=bool(back and back.truth),
    )
    return scope.made(Row("list", (*(values[place] for place in order),)))


def _copied(kind: str) -> Called:
    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        _no_names(named)
        if len(args) > 1:
            raise RowError(f"`{kind}` takes 1 argument, not {len(args)}")
        row = row_of(args[0]) if args else None
        if kind == "set" and row is not None and row.kind == "set":
            return args[0]
        items = listed(args[0]) if args else []
        return set_of(items) if kind == "set" else scope.made(Row(kind, (*items,)))

    return called


def _of_whole(work: Callable[..., int], count: int) -> Called:
    """Return what a function makes of whole numbers that are known and small."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        wholes = [arg.whole for arg in args if arg.whole is not None and 0 <= arg.whole <= _FACTORS]  # fmt: skip
        return index(work(*wholes)) if len(wholes) == len(args) == count and not named else None  # fmt: skip

    return called


def set_of(values: Sequence[Value]) -> Value:
    """Return the set of values that are known."""
    return Row("set", (*{key_of(value): value for value in values}.values(),)).value


def _dict(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if len(args) > 1:
        raise RowError(f"`dict` takes 1 argument, not {len(args)}")
    pairs: dict[object, Value] = {}
    row = row_of(args[0]) if args else None
    if row is not None and row.kind == "dict":
        pairs.update(zip(row.keys, row.items))
    elif args:
        for each in listed(args[0]):
            key, value = _pair(each)
            pairs[key] = value
    pairs.update(named)
    return scope.made(Row("dict", (*pairs.values(),), (*pairs,)))


def _pair(value: Value) -> tuple[object, Value]:
    pair = listed(value)
    if len(pair) != 2:
        raise RowError("`dict` takes pairs of keys and values")
    return key_of(pair[0]), pair[1]


def _map(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    _no_names(named)
    if len(args) < 2:
        raise RowError("`map` takes a function and sequences")
    rows = [listed(arg) for arg in args[1:]]
    items = [scope.applied(args[0], [*each], {}) for each in zip(*rows)]
    return iterator(items, *args[1:])


def _partial(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return a function with arguments that it is given beforehand: each is what it is here, whatever its name is later."""
    held = args[0].known.value if args and args[0].known is not None else None
    if not isinstance(held, CALLEES):
        raise RowError("`partial` takes a function, and arguments for it")
    given = [scope.atom(arg, "given") for arg in args[1:]]
    by_name = {name: scope.atom(arg, name) for name, arg in named.items()}
    made = Partial(held, given, by_name)
    return Value("", known=Known(made, said="a function has no place in a formula; call it"))  # fmt: skip


#: By the whole name of each function, what a call of it comes to.
CALLS: Mapping[str, Called] = {
    "builtins.float": _of_text(float),
    "builtins.int": _of_text(int),
    "builtins.len": _len,
    "builtins.sum": _sum,
    "builtins.max": _extreme("max"),
    "builtins.min": _extreme("min"),
    "builtins.any": _any,
    "builtins.all": _all,
    "builtins.range": _range,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.reversed": _reversed,
    "builtins.sorted": _sorted,
    "builtins.list": _copied("list"),
    "builtins.tuple": _copied("tuple"),
    "builtins.set": _copied("set"),
    "builtins.frozenset": _copied("set"),
    "math.factorial": _of_whole(math.factorial, 1),
    "math.comb": _of_whole(math.comb, 2),
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "builtins.map": _map,
    "functools.partial": _partial,
    "math.fsum": _fsum,
    "math.prod": _prod,
    "math.dist": _dist,
    "math.sumprod": _sumprod,
}
