"""A Python file in, as text; the functions in it that are by their names another's derivative, and that other, out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from gradgen.audit.methods import functions_of
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
#: The same of methods, whose function has one of these names.
_METHODS = {
    "fit_deriv": ("evaluate",),
    "deriv": ("func", "__call__"),
    "deriv2": ("deriv",),
    "inverse_deriv": ("inverse",),
    "inverse_deriv2": ("inverse_deriv",),
    "fprime": ("f", "__call__"),
    "jac": ("fun",),
    "jacobian": ("fun", "residuals", "__call__"),
    "gradient": ("fun", "value", "__call__"),
    "derivative": ("value", "__call__"),
    "prime": ("value", "__call__"),
    "psi": ("rho",),
    "psi_deriv": ("psi",),
    "pdf": ("cdf",),
    "_pdf": ("_cdf",),
}


class Found(NamedTuple):
    """A function and its derivative.

    Attributes:
        text: a file that holds both.
        function: the function's name there.
        against: the derivative's.
        wrt: by which parameter, where its name says that.
        own: the parameters by which a slope may be; empty where that is all of them.
        attributes: what is read of `self`, by the parameter that stands for it.
        within: whether both are meant within a support alone.
        said: what both are called in the file as it is.
        line: the line at which the derivative begins.
    """

    text: str
    function: str
    against: str
    wrt: tuple[str, ...] | None
    said: str
    line: int
    own: tuple[str, ...] = ()
    attributes: Mapping[str, str] = MappingProxyType({})
    within: bool = False


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
    for derivative, functions in _METHODS.items():
        function = next((name for name in functions if name in methods), None)
        if function is None or derivative not in methods:
            continue
        found = functions_of(node, (function, derivative))
        if found is None:
            continue
        made, called, own, attributes = found
        beside = [n for n in module.body if not isinstance(n, (ast.ClassDef, ast.Expr))]
        kept = ast.Module([*beside, *made.values()], [])
        yield Found(
            ast.unparse(ast.fix_missing_locations(kept)) + "\n",
            called[0],
            called[1],
            None,
            f"{node.name}.{derivative} of {node.name}.{function}",
            methods[derivative].lineno,
            tuple(own),
            attributes,
            derivative.endswith("pdf"),
        )
