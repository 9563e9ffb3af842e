"""A call that says an operator in words, rounds, or chooses by conditions, mostly numpy's, in; what it comes to, number by number, out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from gradgen.read.hints import KNOWN_IN
from gradgen.read.python.arrays import places
from gradgen.read.python.bound import Dotted
from gradgen.read.python.draft import WORD
from gradgen.read.python.flow.conditions import both, either, truths
from gradgen.read.python.terms import arrays
from gradgen.read.python.terms.builtin import Called, difference, numbers
from gradgen.read.python.terms.operators import (
    binary,
    comparison,
    number_of,
    unary,
)
from gradgen.read.python.terms.rows import (
    Row,
    RowError,
    cuts,
    is_row,
    listed,
    literal,
    row_of,
)
from gradgen.read.python.terms.value import (  # fmt: skip
    ELSE,
    OR,
    PRODUCT,
    SUM,
    Value,
    denied,
    number,
    tested,
    truth,
)

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

_OPERATORS: Mapping[str, type[ast.operator]] = {
    "add": ast.Add,
    "subtract": ast.Sub,
    "multiply": ast.Mult,
    "divide": ast.Div,
    "true_divide": ast.Div,
    "floor_divide": ast.FloorDiv,
    "remainder": ast.Mod,
}
#: What makes whole numbers of others.
_ROUNDING = frozenset(("round", "floor", "ceil", "trunc"))
_BOUNDS = {"min": "a_min", "max": "a_max"}
_COMPARED: Mapping[str, type[ast.cmpop]] = {
    "less": ast.Lt,
    "less_equal": ast.LtE,
    "greater": ast.Gt,
    "greater_equal": ast.GtE,
    "equal": ast.Eq,
    "not_equal": ast.NotEq,
}
#: What an array of truths is made of.
_TRUTHS = ("builtins.bool", "numpy.bool_", "numpy.bool", "bool")
_JOINED: Mapping[str, Callable[[Value, Value], Value]] = {
    "logical_and": both,
    "logical_or": either,
}


def _each(size: int, change: Callable[[Scope, list[Value]], Value]) -> Called:
    """Return what is done to so many numbers, and to those at the same places of arrays."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        if len(args) != size or named:
            raise RowError(f"this takes {size} arguments, not {len(args) + len(named)}")
        return arrays.each(scope, args, lambda at: change(scope, at))

    return called


def _at(scope: Scope) -> ast.AST:
    return scope.calling or ast.Pass(lineno=1, col_offset=0)


def _operator(kind: type[ast.operator]) -> Called:
    def change(scope: Scope, pair: list[Value]) -> Value:
        node = _at(scope)
        # Whole numbers are numpy's here.
        one, other = (replace(number_of(v, node, scope), narrow=v.whole is not None or v.narrow) for v in pair)  # fmt: skip
        return binary(one, kind(), other, node, scope)  # type: ignore[arg-type]

    return _each(2, change)


def _comparison(kind: type[ast.cmpop]) -> Called:
    def change(scope: Scope, pair: list[Value]) -> Value:
        place = ast.copy_location(ast.Name("x", ast.Load()), _at(scope))
        node = ast.copy_location(ast.Compare(place, [kind()], [place]), place)
        return comparison(node, [place, place], [*numbers(pair)], scope)

    return _each(2, change)


def _condition(scope: Scope, value: Value) -> Value:
    return tested(number_of(value, _at(scope), scope))


def _joint(how: Callable[[Value, Value], Value]) -> Called:
    return _each(2, lambda scope, pair: how(*(_condition(scope, v) for v in pair)))


def chosen(scope: Scope, test: Value, one: Value, other: Value) -> Value:
    """Return the one where a condition holds, or else the other; of arrays place by place."""

    def choose(at: list[Value]) -> Value:
        when, first, last = at
        if when.truth is not None:
            return first if when.truth else last
        if not when.condition:
            raise RowError("by `where`, numpy chooses by conditions")
        if first.condition and last.condition:
            return truths([(when, first)], last)
        numbers([first, last])
        integral = first.may_be_whole and last.may_be_whole
        return Value(f"{first.inside(OR)} if {when.inside(OR)} else {last.text}", ELSE, integral=integral)  # fmt: skip

    return arrays.each(scope, [test, one, other], choose)


def _copysign(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
    """Return a number with the sign of another, which may be that of a zero: `atan2(±0, -1)` is ±pi."""
    scope.constants.called |= {"abs", "atan2"}

    def change(_: Scope, pair: list[Value]) -> Value:
        if literal(pair[1]) == 0:  # as False*x is, whatever sign x has
            raise RowError("the sign of a constant that is 0 is asked for here; write a number that is not 0")  # fmt: skip
        _check_zero(scope, pair[1])
        size = f"abs({scope.atom(numbers(pair)[0]).text})"
        return Value(f"{size} if atan2({pair[1].text}, -1.0) > 0 else -{size}", ELSE)

    return _each(2, change)(scope, args, named)


def _atan2(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> None:
    """Refuse an angle of what is rounded; any other is read as all functions are."""
    for each in args if len(args) == 2 else ():
        for part in listed(each) if is_row(each) else [each]:
            _check_zero(scope, part)


def _check_zero(scope: Scope, value: Value) -> None:
    """Refuse a sign of what is rounded: Python's whole numbers have one zero, and numpy's rounded ones two."""
    made = {name: text for name, text, _ in scope.constants.draft.items}
    todo, seen = [value.text], set[str]()
    while todo:
        words = {*WORD.findall(todo.pop())} - seen
        if not _ROUNDING.isdisjoint(words):
            raise RowError("whether a zero that rounding leaves is -0.0 is not certain, and its sign is asked for here; write what is to hold at 0 as an `if`")  # fmt: skip
        seen |= words
        todo += [made[word] for word in words if word in made]


def _where(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
    return chosen(scope, *args) if len(args) == 3 and any(map(is_row, args)) else None


def _divmod(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return the whole quotient, and what is left."""
    if len(args) != 2 or named:
        raise RowError("`divmod` takes 2 arguments")
    one, other = (scope.atom(v, n) if v.is_number else v for v, n in zip(args, ("dividend", "divisor")))  # fmt: skip
    found = [_operator(kind)(scope, [one, other], {}) for kind in (ast.FloorDiv, ast.Mod)]  # fmt: skip
    return Row("tuple", (*(each for each in found if each is not None),)).value


#: Powers of ten up to this one are floats, and their products with what is rounded to so many digits off by a rounding alone.
_DIGITS = 15


def _rounded(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return numbers rounded to so many digits as numpy does it: the nearest whole number of x*10**n, over that power."""
    given = [*args[1:], *(v for n, v in named.items() if n == "decimals")]
    digits = given[0].whole if given else 0
    if not args or len(given) + 1 != len(args) + len(named):
        raise RowError("`round` takes a number, and how many digits are kept")
    if len(given) > 1 or digits is None or abs(digits) > _DIGITS:
        raise RowError(f"how many digits are kept is known when compiling, and at most {_DIGITS}")  # fmt: skip
    scope.call_of("round")

    def one(value: Value) -> Value:
        if value.whole is not None:
            raise RowError("whole numbers of numpy's are rounded to such; make them floats")  # fmt: skip
        power = f"{10.0 ** abs(digits)!r}"
        times, over = (" * ", " / ") if digits >= 0 else (" / ", " * ")
        if not digits:
            return Value(f"round({value.text})", integral=value.integral)
        return Value(f"round({value.inside(PRODUCT)}{times}{power}){over}{power}", PRODUCT, integral=value.integral)  # fmt: skip

    return arrays.each(scope, args[:1], lambda at: one(numbers(at)[0]))


def _rounded_as_written(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
    """Return a float rounded to so many digits as Python does it, by its value and not by its product with a power of ten.

    That product tells which whole numbers it lies between; where it is halfway, its remainder by the float tells on which side the float is.
    """
    given = [*args[1:], *(v for n, v in named.items() if n == "ndigits")]
    if not args or len(given) + 1 != len(args) + len(named) or len(given) > 1:
        raise RowError("`round` takes a number, and how many digits are kept")
    if not given:
        return None
    digits, value = given[0].whole, numbers(args[:1])[0]
    if digits is None or not 0 <= digits <= _DIGITS:
        raise RowError(f"how many digits are kept is known when compiling, and at most {_DIGITS}")  # fmt: skip
    if value.whole is not None:
        return value
    if scope.constants.numpy:
        raise RowError("numbers of numpy's are rounded in another way than Python's, and which this is, is not certain; write np.round(x, n)")  # fmt: skip
    scope.call_of("round", "abs", "floor")
    if not digits:
        return Value(f"round({value.text})")
    value = scope.atom(value, "rounded")
    size = scope.atom(Value(f"abs({value.text})"), "size").text
    shifted = scope.atom(Value(f"{size} * {10.0**digits!r}", PRODUCT), "shifted").text
    below = scope.atom(Value(f"floor({shifted})"), "below").text
    tie = f"round({shifted}) if {shifted} % {size} == 0 else {below} if {shifted} % {size} < {size} / 2 else {below} + 1"  # fmt: skip
    found = f"{below} if {shifted} - {below} < 0.5 else {below} + 1 if {shifted} - {below} > 0.5 else {tie}"  # fmt: skip
    largest = 2.0**53 / 10.0**digits
    made = scope.atom(Value(f"{size} if {size} > {largest!r} else ({found}) / {10.0**digits!r}", ELSE), "kept")  # fmt: skip
    return Value(f"{made.text} if {value.inside(SUM)} >= 0 else -{made.text}", ELSE)


def _reciprocal(scope: Scope, at: list[Value]) -> Value:
    if at[0].may_be_whole:
        raise RowError("of whole numbers, numpy's reciprocals are whole; make them floats")  # fmt: skip
    return Value(f"1 / {numbers(at)[0].inside(PRODUCT + 1)}", PRODUCT)


def _negative(scope: Scope, at: list[Value]) -> Value:
    node = ast.copy_location(ast.UnaryOp(ast.USub(), ast.Constant(0)), _at(scope))
    return unary(node, at[0], scope)


def _interp(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return what is interpolated between points: `(y1 - y0)/(x1 - x0)*(x - x0) + y0`, and the first or the last value beyond them."""
    if len(args) != 3 or {*named} - {"left", "right"}:
        raise RowError("`interp` takes a number, and where points stand and how high")
    at, (xs, ys) = args[0], map(listed, args[1:])
    known = [literal(x) for x in xs]
    rising = all(a is not None and b is not None and a < b for a, b in pairwise(known))
    if len(xs) != len(ys) or len(xs) < 2 or not rising:
        raise RowError("`interp` is read between points whose places are known when compiling, and increase")  # fmt: skip
    numbers([*ys, *named.values()])
    ends = named.get("left", ys[0]), named.get("right", ys[-1])

    def one(x: Value) -> Value:
        x = scope.atom(numbers([x])[0])
        found = Value(f"{ys[-1].inside(OR)} if {x.text} == {xs[-1].text} else {ends[1].text}", ELSE)  # fmt: skip
        for (x0, x1), (y0, y1) in [*zip(pairwise(xs), pairwise(ys))][::-1]:
            rise = difference(y1, y0).inside(PRODUCT)
            run = f"({x1.text} - {x0.inside(SUM + 1)})"
            line = f"{rise} / {run} * ({x.text} - {x0.inside(SUM + 1)}) + {y0.inside(SUM + 1)}"
            found = Value(f"{line} if {x.text} < {x1.text} else {found.text}", ELSE)
        return Value(f"{ends[0].inside(OR)} if {x.text} < {xs[0].text} else {found.text}", ELSE)  # fmt: skip

    return arrays.each(scope, [at], lambda v: one(v[0]))


def _select(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return the value of the first condition that holds, or else the default."""
    default = [*args[2:], *(v for n, v in named.items() if n == "default")]
    if {*named} - {"default"} or len(args) < 2 or len(default) > 1:
        raise RowError("`select` takes conditions, as many values, and a default")
    return _in_order(scope, args[0], args[1], default[0] if default else replace(number(0.0), integral=True))  # fmt: skip


def _piecewise(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
    """Return the value of the last condition that holds, or else the one value more, or 0."""
    if len(args) != 3 or named:
        raise RowError("`piecewise` takes a number, conditions and values")
    if row_of(args[0]) is not None:
        raise RowError("`piecewise` is read of a number; go through the values")
    tests, values = [*listed(args[1])], [*listed(args[2])]
    rest = values.pop() if len(values) == len(tests) + 1 else number(0.0)
    found = [v if v.is_number else scope.applied(v, [args[0]], {}) for v in (*values, rest)]  # fmt: skip
    pairs = [*zip(tests, found)][::-1]
    if len(tests) != len(values):
        raise RowError("`piecewise` takes as many values as conditions, or one more")
    return _chain(scope, pairs, found[-1])


def _in_order(scope: Scope, tests: Value, values: Value, rest: Value) -> Value:
    pairs = [*zip(listed(tests), listed(values))]
    if len(listed(tests)) != len(listed(values)):
        raise RowError("`select` takes as many values as conditions")
    return _chain(scope, pairs, rest)


def _chain(scope: Scope, pairs: Sequence[tuple[Value, Value]], rest: Value) -> Value:
    for test, value in pairs[::-1]:
        rest = chosen(scope, test, value, rest)
    return rest


def _clip(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
    """Return a number between two bounds, of which one may be None."""
    given = {**dict(zip(("x", "a_min", "a_max"), args)), **{_BOUNDS.get(n, n): v for n, v in named.items()}}  # fmt: skip
    if {*given} - {"x", "a_min", "a_max"} or len(given) < len(args) + len(named) or not args:  # fmt: skip
        raise RowError("`clip` takes a number and its bounds")
    bounds = {"max": given.get("a_min"), "min": given.get("a_max")}
    kept = {w: b for w, b in bounds.items() if b is not None and (b.known is None or b.known.value is not None)}  # fmt: skip
    if len(kept) == 2:
        return None if not named else _number_by("clip", scope, [args[0], *kept.values()])  # fmt: skip
    made = args[0]
    for word, bound in kept.items():
        made = _number_by(word, scope, [made, bound])
    return made


def _number_by(name: str, scope: Scope, args: Sequence[Value]) -> Value:
    scope.constants.called.add(name)
    return arrays.each(scope, args, lambda at: Value(f"{name}({', '.join(v.text for v in numbers(at))})"))  # fmt: skip


def _like(text: str) -> Called:
    """Return what makes an array of one number like another array; of truths, where that is asked for."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        if len(args) + bool(text) != 2:
            raise RowError(f"this takes {2 - bool(text)} arguments, not {len(args)}")
        kind = named.get("dtype")
        held = kind.known.value if kind is not None and kind.known is not None else None
        fill = number(float(text)) if text else args[1]
        if (held.path if isinstance(held, Dotted) else held) in _TRUTHS:
            fill = truth(text == "1.0") if text else fill
            if not fill.condition:
                raise RowError("an array of truths is filled with True or False")
            return arrays.each(scope, args[:1], lambda _: replace(fill, narrow=True))
        arrays.only(named)
        row = row_of(args[0])
        if kind is None and ((row is not None and cuts(row)) or (row is None and args[0].may_be_whole and not text)):  # fmt: skip
            raise RowError("an array like one of whole numbers cuts what is put into it; make it of floats")  # fmt: skip
        if row is None and text and kind is None:
            return None
        whole = None if fill.condition else fill.whole
        fill = number(float(whole)) if whole is not None else numbers([fill])[0]
        return arrays.each(scope, args[:1], lambda _: fill)

    return called


CALLS: Mapping[str, Called] = {
    "numpy.zeros_like": _like("0.0"),
    "numpy.ones_like": _like("1.0"),
    "numpy.full_like": _like(""),
    "numpy.clip": _clip,
    **{f"numpy.{name}": _operator(kind) for name, kind in _OPERATORS.items()},
    **{f"numpy.{name}": _comparison(kind) for name, kind in _COMPARED.items()},
    **{f"numpy.{name}": _joint(how) for name, how in _JOINED.items()},
    "numpy.logical_not": _each(1, lambda scope, at: denied(_condition(scope, at[0]))),
    **dict.fromkeys(("math.copysign", "numpy.copysign"), _copysign),
    **dict.fromkeys(("math.atan2", "numpy.arctan2", "numpy.atan2"), _atan2),
    **dict.fromkeys(("builtins.divmod", "numpy.divmod"), _divmod),
    **dict.fromkeys(("numpy.round", "numpy.around", "numpy.round_"), _rounded),
    "builtins.round": _rounded_as_written,
    "numpy.reciprocal": _each(1, _reciprocal),
    "numpy.negative": _each(1, _negative),
    "numpy.where": places.either(_where),
    "numpy.interp": _interp,
    "numpy.select": _select,
    "numpy.piecewise": _piecewise,
}
_ELEMENTWISE = frozenset(f"numpy.{name}" for name in (*_OPERATORS, *_COMPARED, *_JOINED, "logical_not", "reciprocal", "negative", "copysign"))  # fmt: skip


def is_elementwise(path: str) -> bool:
    """Whether a function of numpy's takes the numbers of arrays one by one, and so `out` and `where`."""
    module, _, name = path.rpartition(".")
    alike = name in KNOWN_IN["numpy"] and name not in ("where", "clip", "pi")
    return path in _ELEMENTWISE or (module == "numpy" and alike)
