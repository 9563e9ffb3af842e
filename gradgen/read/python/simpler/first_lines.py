"""The syntax tree of a Python file in; the same, with parameters that are given in one way alone among the plain ones, out."""

from __future__ import annotations

import ast

from gradgen.read.python.tree import walk

#: The mark of a parameter that is given by its name alone.
BY_NAME = "by name"


def flatten(module: ast.Module) -> None:
    """Put parameters that are given by place alone, or by name alone, among the plain ones, where their order allows it.

    Those that are given by name alone are marked, as a call may not give them by place.
    """
    for node in walk(module):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            _flatten(node.args)


def _flatten(args: ast.arguments) -> None:
    without = [default is None for default in args.kw_defaults]
    ordered = without == sorted(without, reverse=True)
    if not ordered or (args.defaults and any(without)):
        return
    for arg in args.kwonlyargs:
        arg.type_comment = BY_NAME
    args.args = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    args.defaults = [*args.defaults, *(d for d in args.kw_defaults if d is not None)]
    args.posonlyargs, args.kwonlyargs, args.kw_defaults = [], [], []
