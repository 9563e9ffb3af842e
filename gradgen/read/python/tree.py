"""The syntax tree of a Python file in; its nodes, what they bind, and what functions around them hide, out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TypeAlias

#: A function of any kind.
Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda"


def dotted(node: ast.expr) -> tuple[str | None, tuple[str, ...]]:
    """Return the name and the attributes of `name.a.b`; None for what is no such chain."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id if isinstance(node, ast.Name) else None), tuple(attributes[::-1])


def as_function(node: ast.Lambda, name: str) -> ast.FunctionDef:
    """Return a lambda as what `def` would say."""
    body = ast.copy_location(ast.Return(node.body), node.body)
    made = ast.FunctionDef(name, node.args, [body], [])
    return ast.copy_location(made, node)


def children(node: ast.AST) -> list[ast.AST]:
    """Return what is inside a node, but for the kinds of its operators and the like."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [part for part in value if isinstance(part, ast.AST)]
        elif isinstance(value, ast.AST) and not isinstance(value, _KINDS):
            found.append(value)
    return found


def walk(root: ast.AST) -> Iterator[ast.AST]:
    """Yield a tree's nodes, without the kinds of its operators and the like."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (ast.Name, ast.Constant)):
            todo += children(node)[::-1]


_KINDS = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def bindings(body: Sequence[ast.AST]) -> Iterator[tuple[str, int]]:
    """Yield every name that statements bind in their own scope, as often as they do, with its line; `*` for an import of all.

    What functions, classes, lambdas and comprehensions inside them bind is theirs, but for `:=` in a comprehension.
    """
    todo = [(node, False) for node in reversed(body)]
    while todo:
        node, inside = todo.pop()
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Name):
            if not inside and not isinstance(node.ctx, ast.Load):
                yield node.id, line
            continue
        if isinstance(node, ast.Constant):
            continue
        inner = children(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                whole = alias.name.split(".")[0]
                yield alias.asname or whole, line
        elif isinstance(node, _DEFINITIONS):
            if not isinstance(node, ast.Lambda):
                yield node.name, line
            inner = outside(node)
        elif isinstance(node, _COMPREHENSIONS):
            inside = True
        elif isinstance(node, ast.NamedExpr):
            yield node.target.id, line
            inner = [node.value]
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            if node.name:
                yield node.name, line
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest, line
        elif isinstance(node, ast.AnnAssign) and node.value is None:
            inner = [node.annotation]  # it declares, and binds nothing
        todo += [(child, inside) for child in reversed(inner)]


def outside(node: Function | ast.ClassDef) -> list[ast.AST]:
    """Return the parts of a definition that belong to the scope around it."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    args = node.args
    found: list[ast.AST | None] = [*args.defaults, *args.kw_defaults]
    if not isinstance(node, ast.Lambda):
        stars = [a for a in (args.vararg, args.kwarg) if a is not None]
        every = (*args.posonlyargs, *args.args, *args.kwonlyargs, *stars)
        found += [*node.decorator_list, node.returns, *(a.annotation for a in every)]
    return [part for part in found if part is not None]


def scoped(root: ast.Module) -> Iterator[tuple[ast.AST, tuple[Function, ...]]]:
    """Yield a tree's nodes as `walk` does, each with the functions around it."""
    todo: list[tuple[ast.AST, tuple[Function, ...]]] = [(root, ())]
    while todo:
        node, around = todo.pop()
        yield node, around
        if isinstance(node, (ast.Name, ast.Constant)):
            continue
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo += [(each, around) for each in reversed(children(node))]
            continue
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        inner = (*around, node)
        todo += [(each, inner) for each in reversed(body)]
        todo += [(each, around) for each in reversed(outside(node))]


def own_names(node: Function) -> set[str]:
    """Return the names that are a function's own."""
    args = node.args
    stars = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    found = {name for name, _ in bindings(body)}
    for each in (inner for statement in body for inner in walk(statement)):
        if isinstance(each, ast.Global):
            found.difference_update(each.names)
    every = (*args.posonlyargs, *args.args, *args.kwonlyargs, *stars)
    return found.union(arg.arg for arg in every)
