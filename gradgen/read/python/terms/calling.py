"""A call of what a file, a module or a formula has a name for in; what it comes to out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradgen.read.python.arrays import arranged, places, shaping, statistics
from gradgen.read.python.bound import (  # fmt: skip
    Callee,
    Constant,
    Dotted,
    Helper,
    Inner,
    Meaning,
    Partial,
)
from gradgen.read.python.meanings import Meant, told
from gradgen.read.python.terms import arrays, asking, builtin, ufuncs
from gradgen.read.python.terms.masked import ALIKE, BOXING, written
from gradgen.read.python.terms.operators import number_of, of_numpy
from gradgen.read.python.terms.rows import (  # fmt: skip
    goes_through,
    literal,
    narrowed,
    row_of,
)
from gradgen.read.python.terms.value import Value, index
from gradgen.read.python.tree import as_function, dotted

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

#: What functions make of whole numbers that is one; None for a power.
_WHOLE: Mapping[str, Callable[..., int] | None] = {
    "abs": abs, "absolute": abs, "maximum": max, "minimum": min, "power": None, "square": None
}  # fmt: skip
#: What hands on the rows of arrays.
_BY_ROWS = frozenset(f"builtins.{name}" for name in ("list", "tuple", "zip", "enumerate", "reversed", "map", "sorted", "min", "max"))  # fmt: skip
#: What makes whole numbers of any others, and what makes whole numbers of such.
_TO_WHOLE = ("builtins.int", "builtins.round", "math.floor", "math.ceil", "math.trunc")
_STAYS_WHOLE = (*_WHOLE, "max", "min", "fmax", "fmin", "clip", "pow", "sign", "negative", "positive", "floor", "ceil", "trunc", "fix", "fmod", "where")  # fmt: skip
_CALLS = {**builtin.CALLS, **arrays.CALLS, **arranged.CALLS, **shaping.CALLS, **statistics.CALLS, **asking.CALLS, **ufuncs.CALLS, **places.CALLS}  # fmt: skip


def takes_sequences(found: Dotted, means: Mapping[str, str]) -> bool:
    """Whether a function of a module takes sequences."""
    paths = [told(each.path, means) for each in (found, *found.others)]
    return paths[0] in _CALLS and len({*paths}) == 1


def callee(scope: Scope, node: ast.Call) -> Callee:
    """Return what a call calls."""
    root, attributes = dotted(node.func)
    if root is None:
        raise scope.fail("only functions are called", node)
    if attributes:
        assert isinstance(node.func, ast.Attribute)
        return _function(scope.reached(node.func), node, scope)
    value = scope.held(root)
    if value is not None and not value.unclear and scope.imported(root) is None:
        held = value.known.value if value.known is not None else None
        if isinstance(held, (Helper, Inner, Partial)):
            return held
        raise scope.fail(
            f"`{root}` is a value here, no function; write `{root}*(...)` for a product",
            node.func,
        )
    return _function(scope.meaning(root, node.func), node, scope)


def _function(found: Meaning, node: ast.Call, scope: Scope) -> Callee:
    """Return what a call calls; a lambda at the top of a file as a function."""
    if not isinstance(found, Constant):
        return found
    if isinstance(found.value, ast.Lambda):
        made = as_function(found.value, found.name)
        return Helper(made, found.names, found.place)
    raise scope.fail(
        f"`{ast.unparse(node.func)}` is a value, no function that can be read; write it as a `def`",
        node.func,
    )


def called(
    scope: Scope,
    found: Callee,
    args: list[Value],
    named: Mapping[str, Value],
    node: ast.AST,
    sure: bool,
) -> Value:
    """Return what a call comes to; `sure` where Python comes to it in any case."""
    made = _called(scope, found, args, named, node, sure)
    path = told(found.path, scope.constants.means) if isinstance(found, Dotted) else ""
    alike = path in ALIKE and any(arg.boxed or arg.text in scope.constants.draft.boxes for arg in args[:1])  # fmt: skip
    return replace(made, boxed=not alike) if path in BOXING and made.known is None else made  # fmt: skip


def _called(
    scope: Scope,
    found: Callee,
    args: list[Value],
    named: Mapping[str, Value],
    node: ast.AST,
    sure: bool,
) -> Value:
    while isinstance(found, Partial):
        read = scope.constants.draft.cells.read
        args = [*map(read, found.args), *args]
        named = {**{name: read(arg) for name, arg in found.named.items()}, **named}
        found = found.function
    if isinstance(found, (Helper, Inner)):
        if scope.caller is None:
            raise scope.fail("a constant calls no function of the file", node)
        return scope.caller(found, args, named, node, scope, sure)
    path = told(found.path, scope.constants.means)
    if path == "numpy.clip" and len(args) == 3 and not named and scope.is_infinite(args[2]):  # fmt: skip
        scope.constants.spare("inf")
        found, path, args = Dotted("numpy.maximum"), "numpy.maximum", args[:2]
    scope.finite(args)
    if path.startswith("numpy."):  # what it makes of None is none
        args = [replace(arg, absent=None) for arg in args]
        if path != "numpy.isscalar":
            for arg in args:
                arrays.check_kind(arg)
    if {"out", "where"} & {*named} and isinstance(node, ast.Call) and ufuncs.is_elementwise(path):  # fmt: skip
        of = found
        return written(scope, node, named, sure, lambda others: called(scope, of, args, others, node, sure))  # fmt: skip
    own = path.partition(".")[0] in ("math", "builtins") or path in asking.CALLS
    scope.constants.numpy |= not own
    if takes_sequences(found, scope.constants.means) and path not in scope.constants.means:  # fmt: skip
        scope.spend(len(goes_through(*args)))
        if path.startswith("numpy.") and "dtype" not in named:
            args = [_array_of_whole(scope, arg) for arg in args]
        if path in _BY_ROWS:
            for arg in args:
                scope.constants.draft.cells.hold_rows(arg)
        made = _CALLS[path](scope, args, named)
        if made is not None and made.condition and path.startswith("numpy.") and path != "numpy.isscalar":  # fmt: skip
            return replace(made, narrow=True)  # one of numpy's
        if made is not None:
            return made
    known = scope.meant(found, node)
    kinds = {row.kind for row in map(row_of, args) if row is not None}
    of_arrays = path.startswith("numpy.") or (path == "builtins.abs" and kinds <= {"array", "sequence"})  # fmt: skip
    if of_arrays and kinds and known.callable:
        return arrays.each(scope, args, lambda each: plain(scope, found, known, each, node))  # fmt: skip
    return plain(scope, found, known, args, node, named)


def _array_of_whole(scope: Scope, value: Value) -> Value:
    """Return a list of whole numbers as numpy takes it; any other value as it is."""
    row = row_of(value)
    leaves = (
        arrays.leaves_of(value)
        if row is not None and row.kind in ("list", "tuple")
        else []
    )
    whole = leaves and all(leaf.whole is not None for leaf in leaves)
    return arrays.array(scope, value) if whole else value


def plain(
    scope: Scope,
    found: Dotted,
    known: Meant,
    args: Sequence[Value],
    node: ast.AST,
    named: Mapping[str, Value] | None = None,
) -> Value:
    """Return what a function of a formula makes of numbers."""
    places: Sequence[ast.AST] = [node]
    if isinstance(node, ast.Call) and len(node.args) == len(args):
        places = node.args
    for place, arg in enumerate(args):
        number_of(arg, places[place % len(places)], scope)
    if named:
        raise scope.fail("arguments are given by position alone", node)
    if not known.callable:
        raise scope.fail(f"`{found.path}` is no function", node)
    if not known.least <= len(args) <= known.most:
        count = "1 argument" if known.most == 1 else f"{known.least} arguments"
        if known.least < known.most:
            count += " or more"
        raise scope.fail(f"`{found.path}` takes {count}, not {len(args)}", node)
    if not args:
        raise scope.fail(f"`{found.path}` of nothing is not read", node)
    if known.text == "{0}":
        return replace(args[0].as_float, absent=None)
    number = literal(args[0]) if found.path == "builtins.int" else None
    if found.path == "builtins.int" and number is None and args[0].among is not None:
        return args[0]
    if number is not None:
        return index(int(number))
    if found.path == "builtins.abs" and args[0].whole == 0:
        return args[0]
    scope.constants.called.update(known.functions)
    texts = [arg.text for arg in args]
    if "{pi}" in known.text:
        return Value(known.call(texts, scope.constants.circle().text))
    return of_whole(found.path, Value(known.call(texts), integral=_is_integral(found.path, args)), args)  # fmt: skip


def _is_integral(path: str, args: Sequence[Value]) -> bool:
    """Whether Python may make a whole number in a call; numpy makes one of such alone, Python's `max` and `min` choose one."""
    whole = [arg.may_be_whole for arg in args]
    if path in _TO_WHOLE or (path in ("builtins.max", "builtins.min") and any(whole)):
        return True
    return all(whole) and path.rpartition(".")[2] in _STAYS_WHOLE


def of_whole(path: str, made: Value, args: Sequence[Value]) -> Value:
    """Return what a function of numpy's makes of whole numbers, which are its own; what any other makes as it is."""
    wholes = [arg.whole for arg in args if arg.whole is not None]
    module, _, name = path.rpartition(".")
    if len(wholes) < len(args) or name not in _WHOLE:
        return made
    own = [replace(arg, narrow=arg.narrow or module == "numpy") for arg in args]
    work = _WHOLE[name]
    if work is not None:
        return narrowed(made, own, work(*wholes))
    exponent = own[-1] if name == "power" else index(2)
    return narrowed(made, own, of_numpy(own[0], ast.Pow, exponent))
