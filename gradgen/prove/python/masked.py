"""What numpy does number by number under a condition in: `where`, `out`, `a[a > 3] = b`; the numbers that stand there afterwards out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.prove.python import arrays
from gradgen.prove.python.heap import Array
from gradgen.prove.python.sequences import is_truth
from gradgen.prove.python_expressions import Fixed, Imported, Scope
from gradgen.prove.python_numbers import Place, UnknownError

if TYPE_CHECKING:
    from gradgen.prove.python.holding import Holding as Walker

_OPERATORS: Mapping[str, ast.operator] = {
    "add": ast.Add(),
    "subtract": ast.Sub(),
    "multiply": ast.Mult(),
    "divide": ast.Div(),
    "true_divide": ast.Div(),
}
_COMPARED: Mapping[str, ast.cmpop] = {
    "less": ast.Lt(),
    "less_equal": ast.LtE(),
    "greater": ast.Gt(),
    "greater_equal": ast.GtE(),
    "equal": ast.Eq(),
    "not_equal": ast.NotEq(),
}
_TRUTHS = ("bool", "bool_")


def denied(walker: Walker, value: Any) -> Any:
    """Return what `~` makes of truths."""
    if not is_truth(value):
        raise UnknownError
    return arrays.each(walker, [value], lambda v: walker.numbers.sign(ast.Not(), v))


def chosen(walker: Walker, test: Any, one: Any, other: Any) -> Any:
    """Return the one where a condition holds, or else the other."""

    def choose(when: Any, first: Any, last: Any) -> Any:
        if type(when) is bool:
            return first if when else last
        return walker.numbers.chosen(when, first, last)

    if not is_truth(test):
        raise UnknownError
    return arrays.each(walker, [test, one, other], choose)


def put(walker: Walker, owner: Any, at: Any, value: Any) -> Any:
    """Put numbers where conditions hold; return what a number is afterwards, which nobody else holds."""
    found = chosen(walker, at, value, owner)
    if not isinstance(owner, Array):
        return found
    walker.heap.change(owner)
    if not arrays.is_of_floats(owner) or len(found) != len(owner):
        raise UnknownError
    owner[:] = [walker.numbers.number(float(v)) if type(v) is int else v for v in found]
    return owner


def written(walker: Walker, node: ast.Call, found: Any, scope: Scope) -> Any:
    """Let a name stand for what a call has written into it; return that."""
    name = next(k.value.id for k in node.keywords if k.arg == "out" and isinstance(k.value, ast.Name))  # fmt: skip
    scope[name] = put(walker, walker.named(name, scope), True, found)
    return scope[name]


def stored(walker: Walker, node: ast.Assign | ast.AugAssign, scope: Scope) -> bool:
    """Put numbers where a condition in brackets holds; return whether a statement does that."""
    target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
    if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
        return False
    if isinstance(target.slice, (ast.Slice, ast.Constant, ast.Tuple)):
        return False
    owner = walker.expression(target.value, scope)
    at: Any = walker.expression(target.slice, scope)
    if not isinstance(owner, (Place, Array)) or not is_truth(at):
        return False
    value: Any = walker.expression(node.value, scope)
    if isinstance(node, ast.AugAssign):
        op = node.op
        value = arrays.each(walker, [owner, value], lambda a, b: walker.numbers.operation(op, a, b))  # fmt: skip
    scope[target.value.id] = put(walker, owner, at, value)
    return True


def _clip(walker: Walker, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    words = {"min": "a_min", "max": "a_max"}
    given = {**dict(zip(("x", "a_min", "a_max"), args)), **{words.get(n, n): v for n, v in named.items()}}  # fmt: skip
    if {*given} - {"x", "a_min", "a_max"} or "x" not in given:
        raise UnknownError
    found = given["x"]
    for word, bound in (("max", given.get("a_min")), ("min", given.get("a_max"))):
        if bound is not None and bound != Fixed(None):
            found = arrays.each(walker, [found, bound], lambda *at, w=word: walker.numbers.call(w, at))  # fmt: skip
    return found


def _like(walker: Walker, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
    kind = named.get("dtype")
    what = getattr(kind, "name", getattr(kind, "value", ""))
    if {*named} - {"dtype"} or len(args) != 1 + (name == "full_like"):
        raise UnknownError
    if what in _TRUTHS:
        fill = args[1] if name == "full_like" else name == "ones_like"
    elif kind is None or what in ("float", "float64", "double"):
        fill = args[1] if name == "full_like" else float(name == "ones_like")
        fill = walker.numbers.number(float(fill)) if type(fill) in (int, float) else fill  # fmt: skip
        if kind is None and not arrays.is_of_floats(args[0]):
            raise UnknownError
    else:
        raise UnknownError
    return arrays.each(walker, args[:1], lambda _: fill)


def _in_turn(walker: Walker, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
    """Return what `select` and `piecewise` choose: the first that holds, or the last."""
    tests, values = ([*each] for each in (args if name == "select" else args[1:])[:2])
    rest = named.get("default", [*args[2:], 0][0] if name == "select" else 0)
    if name == "piecewise":
        rest = values.pop() if len(values) > len(tests) else 0
        found = [v if isinstance(v, (Place, int)) else walker.applied(v, [args[0]], {}) for v in (*values, rest)]  # fmt: skip
        *values, rest = found
    pairs = [*zip(tests, values)]
    for test, value in pairs[::-1] if name == "select" else pairs:
        rest = chosen(walker, test, value, rest)
    return rest


def _signed(walker: Walker, value: Any, sign: Any) -> Any:
    """Return a number with another's sign; what has that of a zero is not known here."""
    numbers = walker.numbers
    size = numbers.call("abs", [value])
    above = numbers.comparison([ast.Gt()], [sign, 0])
    below = numbers.comparison([ast.Lt()], [sign, 0])
    other = numbers.chosen(below, numbers.sign(ast.USub(), size), numbers.nothing())
    return numbers.chosen(above, size, other)


def _between(walker: Walker, at: Any, args: Sequence[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
    """Return what lies between points at a place."""
    numbers, (xs, ys) = walker.numbers, ([*each] for each in args[1:])
    if {*named} - {"left", "right"} or len(xs) != len(ys) or len(xs) < 2:
        raise UnknownError
    found = named.get("right", ys[-1])
    last = numbers.comparison([ast.Eq()], [at, xs[-1]])
    found = chosen(walker, last, ys[-1], found)
    for place in reversed(range(len(xs) - 1)):
        rise, run, along = (
            numbers.operation(ast.Sub(), *pair)
            for pair in (
                (ys[place + 1], ys[place]),
                (xs[place + 1], xs[place]),
                (at, xs[place]),
            )
        )
        part = numbers.operation(ast.Div(), numbers.operation(ast.Mult(), rise, along), run)  # fmt: skip
        line = numbers.operation(ast.Add(), part, ys[place])
        below = numbers.comparison([ast.Lt()], [at, xs[place + 1]])
        found = chosen(walker, below, line, found)
    first = numbers.comparison([ast.Lt()], [at, xs[0]])
    return chosen(walker, first, named.get("left", ys[0]), found)


def _copied(walker: Walker, args: Sequence[Any], named: Mapping[str, Any], made: Callable[[Sequence[Any], Mapping[str, Any]], Any]) -> Any:  # fmt: skip
    """Return a copy of what an array is made of, with an axis where one is asked for."""
    least, copied = named.get("ndmin", 0), named.get("copy", True)
    if least not in (0, 1) or copied is not True or len(args) != 1:
        raise UnknownError
    others = {n: v for n, v in named.items() if n not in ("ndmin", "copy")}
    plain = isinstance(args[0], (Place, int))
    return made([(args[0],)] if least and plain else args, others)


def call(walker: Walker, name: str, args: Sequence[Any], named: Mapping[str, Any], made: Callable[[Sequence[Any], Mapping[str, Any]], Any]) -> Any:  # fmt: skip
    """Return what a function of numpy's makes, number by number.

    Args:
        walker: what knows expressions.
        name: the function.
        args: its arguments.
        named: those by name.
        made: what makes of arguments what else the function is.
    """
    if {"out", "where"} & {*named}:
        others = {n: v for n, v in named.items() if n not in ("out", "where")}
        found = call(walker, name, args, others, made)
        if "out" not in named:
            raise UnknownError
        return chosen(walker, named.get("where", True), found, named["out"])
    count = len(args) if not named else 0
    numbers = walker.numbers
    if name in _OPERATORS and count == 2:
        return arrays.each(walker, args, lambda a, b: numbers.operation(_OPERATORS[name], a, b))  # fmt: skip
    if name in _COMPARED and count == 2:
        return arrays.each(walker, args, lambda a, b: numbers.comparison([_COMPARED[name]], [a, b]))  # fmt: skip
    if name in ("logical_and", "logical_or") and count == 2:
        op = ast.And() if name == "logical_and" else ast.Or()
        return arrays.each(walker, args, lambda *at: numbers.joined(op, [*map(numbers.condition, at)]))  # fmt: skip
    if name == "logical_not" and count == 1:
        return arrays.each(walker, args, lambda v: numbers.sign(ast.Not(), v))
    if name == "copysign" and count == 2:
        return arrays.each(walker, args, lambda a, b: _signed(walker, a, b))
    if name == "reciprocal" and count == 1 and arrays.is_of_floats(args[0]):
        return arrays.each(walker, args, lambda v: numbers.operation(ast.Div(), 1, v))
    if name == "negative" and count == 1:
        return arrays.each(walker, args, lambda v: numbers.sign(ast.USub(), v))
    if name == "interp" and len(args) == 3:
        return arrays.each(walker, args[:1], lambda v: _between(walker, v, args, named))
    if name == "array" and {*named} & {"ndmin", "copy"}:
        return _copied(walker, args, named, made)
    if name in ("zeros_like", "ones_like", "full_like"):
        return _like(walker, name, args, named)
    if name == "clip":
        return _clip(walker, args, named)
    if name in ("select", "piecewise") and len(args) > 1:
        return _in_turn(walker, name, args, named)
    return made(args, named)


def of_conditions(walker: Walker, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
    """Return an array of 1 and 0 where conditions hold, as `np.array(..., dtype=int)` makes it; None of anything else."""
    whole = named.get("dtype") == Imported("builtins", "int")
    if name != "array" or not whole or len(args) != 1 or not isinstance(args[0], Sequence):  # fmt: skip
        return None
    rows = [*args[0]]
    if not all(map(is_truth, rows)) or any(isinstance(row, Array) for row in rows):
        return None
    return arrays.made(walker, tuple(walker.numbers.counted(row) for row in rows))
