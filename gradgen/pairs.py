"""A Python file in, as text; the functions in it that are by their names another's derivative, and that other, out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradgen.syntax import parse_python

#: How derivatives are called beside their function, `f`; `x` is the parameter of a single slope.
_CALLED = [
    re.compile(pattern)
    for pattern in (
        r"(?P<f>\w+?)_?(?:fit_deriv|prime|deriv|derivative|grad|gradient|jac|jacobian|der)",
        r"(?:grad|gradient|jac|jacobian|der|deriv|d)_?(?P<f>\w+)",
        r"d_?(?P<f>\w+?)_?d_?(?P<x>\w+)",
        r"(?P<f>\w+)_(?P<x>\w+)",
    )
]
#: The same of methods, whose function has a name of its own.
_METHODS = {"fit_deriv": "evaluate", "deriv": "func", "fprime": "f", "jac": "fun"}


class Found(NamedTuple):
    """A function and its derivative.

    Attributes:
        text: a file that holds both.
        function: the function's name there.
        against: the derivative's.
        wrt: by which parameter, where its name says that.
        said: what both are called in the file as it is.
        line: the line at which the derivative begins.
    """

    text: str
    function: str
    against: str
    wrt: tuple[str, ...] | None
    said: str
    line: int


def pairs(text: str) -> Iterator[Found]:
    """Yield the functions and methods of a file that are called as another's derivative."""
    module = parse_python(text)
    functions = {n.name: n for n in module.body if isinstance(n, ast.FunctionDef)}
    for name, definition in functions.items():
        for function, wrt in _functions_of(name, functions):
            said, line = f"{name} of {function}", definition.lineno
            yield Found(text, function, name, wrt, said, line)
            break
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield from _methods(module, node)


def _functions_of(
    name: str, functions: Mapping[str, ast.FunctionDef]
) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    """Yield what a function may be the derivative of, with the parameter that its name says."""
    for pattern in _CALLED:
        match = pattern.fullmatch(name)
        other = functions.get(match["f"]) if match else None
        if match is None or other is None or match["f"] == name:
            continue
        by = match.groupdict().get("x")
        params = [arg.arg for arg in other.args.args]
        if by is None or by in params:
            yield match["f"], None if by is None else (by,)


def _methods(module: ast.Module, node: ast.ClassDef) -> Iterator[Found]:
    """Yield the pairs of a class, its methods as functions of a file that has what the module has."""
    methods = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
    for derivative, function in _METHODS.items():
        if not {derivative, function} <= {*methods}:
            continue
        both = [
            _as_function(methods[name], node.name) for name in (function, derivative)
        ]
        if None in both:
            continue
        beside = [n for n in module.body if not isinstance(n, (ast.ClassDef, ast.Expr))]
        kept = ast.Module([*beside, *(f for f in both if f is not None)], [])
        names = [f"{node.name}_{name}" for name in (function, derivative)]
        said = f"{node.name}.{derivative} of {node.name}.{function}"
        yield Found(
            ast.unparse(ast.fix_missing_locations(kept)) + "\n",
            names[0],
            names[1],
            None,
            said,
            methods[derivative].lineno,
        )


def _as_function(method: ast.FunctionDef, of: str) -> ast.FunctionDef | None:
    """Return a method as a function, if it is one of its arguments alone: `self` is not read."""
    args = method.args
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in method.decorator_list)  # fmt: skip
    params = args.args
    if not static:
        first = params[0].arg if params else ""
        names = (n for n in ast.walk(ast.Module(method.body, [])) if isinstance(n, ast.Name))  # fmt: skip
        if any(n.id == first for n in names):
            return None
        params = params[1:]
    count = len(params)
    plain = ast.arguments([], params, None, [], [], None, args.defaults[-count:])
    return ast.FunctionDef(f"{of}_{method.name}", plain, method.body, [], None, None)
