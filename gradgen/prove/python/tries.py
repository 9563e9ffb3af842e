"""A `try` around a calculation of Python's own floats, or a `with` that silences warnings, in; when the one falls into its handler, and what the other does, out."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradgen.prove.python_expressions import Imported
from gradgen.prove.python_numbers import Place, UnknownError

if TYPE_CHECKING:
    from gradgen.prove.python.files import Files
    from gradgen.prove.python.holding import Holding as Walker

#: What `except` may name, and what that catches of what is told here.
_CAUGHT = {
    **{name: (name,) for name in ("ZeroDivisionError", "OverflowError", "ValueError")},
    "ArithmeticError": ("ZeroDivisionError", "OverflowError"),
    **dict.fromkeys(("Exception", "BaseException", ""), ("ZeroDivisionError", "OverflowError", "ValueError")),
}  # fmt: skip
#: The largest double, and the largest number of which `exp` is one.
_LARGEST, _EXPONENT = (2 - 2.0**-52) * 2.0**1023, 709.782712893384
#: What raises nowhere, of floats that are finite.
_EASY = ("sin", "cos", "tan", "atan", "atan2", "tanh", "erf", "fabs", "abs", "float", "max", "min")  # fmt: skip
_SILENCING = (Imported("numpy", "errstate"), Imported("warnings", "catch_warnings"))
_LOGARITHMS = ("log", "log10", "log2")


def fails(walker: Walker, node: ast.Try, scope: Any) -> Any:
    """Return whether a `try` goes on in its handler, as a condition.

    Raises:
        UnknownError: it holds what may raise in other ways, or more is done before that.
    """
    if len(node.handlers) != 1 or node.finalbody or len(node.body) != 1:
        raise UnknownError
    handler, (body,) = node.handlers[0], node.body
    told = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = [getattr(each, "id", "?") if each is not None else "" for each in told]
    if handler.name or not {*names} <= {*_CAUGHT}:
        raise UnknownError
    plain = isinstance(body, ast.Return) or (isinstance(body, ast.Assign) and all(isinstance(t, ast.Name) for t in body.targets))  # fmt: skip
    if not plain or body.value is None:  # type: ignore[attr-defined]
        raise UnknownError
    caught = {kind for name in names for kind in _CAUGHT[name]}
    tests: list[Any] = []
    for part in _inside(body.value):  # type: ignore[attr-defined]
        found = _of(walker, part, scope)
        tests += [test for kind, test in found if kind in caught and test is not False]
    if True in tests or not tests:
        return bool(tests)
    return tests[0] if len(tests) == 1 else walker.numbers.joined(ast.Or(), tests)


def attempt(walker: Files, node: ast.Try, scope: Any) -> None:
    """Follow both ways of a `try` in which the function does not end: with its handler, where something fails, or without."""
    test = fails(walker, node, scope)
    ways = [*node.handlers[0].body], [*node.body, *node.orelse]

    def follow(fallen: bool) -> None:
        for each in ways[not fallen]:
            walker.statement(each, scope)

    if isinstance(test, bool):
        follow(test)
    else:
        walker.heap.fork(test, (lambda: follow(True), lambda: follow(False)))


def silenced(walker: Walker, node: ast.With, scope: Any) -> list[ast.stmt]:
    """Return the statements in a `with` that changes which warnings are shown, and no value."""
    for item in node.items:
        call = item.context_expr
        made = walker.expression(call.func, scope) if isinstance(call, ast.Call) else None  # fmt: skip
        if item.optional_vars is not None or made not in _SILENCING:
            raise UnknownError
    return node.body


def _inside(root: ast.expr) -> list[ast.expr]:
    """Return what is worked out in an expression, the inmost first."""
    found, todo = [], [root]
    while todo:
        node = todo.pop()
        found.append(node)
        if isinstance(node, ast.BinOp):
            todo += [node.left, node.right]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):  # fmt: skip
            todo.append(node.operand)
        elif isinstance(node, ast.Call) and not node.keywords:
            todo += node.args
        elif not isinstance(node, (ast.Name, ast.Constant)):
            raise UnknownError
    return found[::-1]


def _of(walker: Walker, node: ast.expr, scope: Any) -> Sequence[tuple[str, Any]]:
    """Return what a step may raise, and where it does."""
    numbers = walker.numbers

    def test(one: ast.expr, op: ast.cmpop, other: float) -> Any:
        value = walker.expression(one, scope)
        if not isinstance(value, (int, Place)):
            raise UnknownError
        return numbers.comparison([op], [value, numbers.number(other)])

    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [("ZeroDivisionError", test(node.right, ast.Eq(), 0.0))]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        zero = [test(node.left, ast.Eq(), 0.0), test(node.right, ast.Lt(), 0.0)]
        none = False if False in zero else numbers.joined(ast.And(), zero)
        value = walker.expression(node, scope)
        above = [numbers.comparison([op], [value, numbers.number(edge)]) for op, edge in ((ast.Gt(), _LARGEST), (ast.Lt(), -_LARGEST))]  # fmt: skip
        return [("ZeroDivisionError", none), *(("OverflowError", each) for each in above)]  # fmt: skip
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):  # fmt: skip
        return ()
    if not isinstance(node, ast.Call):
        return () if not isinstance(node, ast.BinOp) else _unknown()
    function = walker.expression(node.func, scope)
    if not isinstance(function, Imported) or function.module not in ("math", "builtins"):  # fmt: skip
        raise UnknownError
    if function.name == "exp":
        return [("OverflowError", test(node.args[0], ast.Gt(), _EXPONENT))]
    if function.name in _LOGARITHMS and len(node.args) == 1:
        return [("ValueError", test(node.args[0], ast.LtE(), 0.0))]
    if function.name == "sqrt":
        return [("ValueError", test(node.args[0], ast.Lt(), 0.0))]
    return () if function.name in _EASY else _unknown()


def _unknown() -> Sequence[tuple[str, Any]]:
    raise UnknownError
