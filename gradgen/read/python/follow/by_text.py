"""The syntax tree of a file in; what a function of its own imports among its names, where all calls of it name that by texts, out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gradgen.read.python.tree import bindings, dotted, walk

#: What is Python's own in such a function.
_OWN = ("globals", "getattr", "__import__", "importlib")
_IMPORTERS = (("__import__", ()), ("importlib", ("import_module",)))


@dataclass(frozen=True)
class Imported:
    """A name that such a call binds at the top of the file.

    Attributes:
        name: the name.
        module: the module that it is imported from.
        inner: what it is called there.
        function: the function that imports it.
    """

    name: str
    module: str
    inner: str
    function: str


@dataclass(frozen=True)
class _Importer:
    """A function that does `m = __import__(module, fromlist=[name])` and `globals()[alias] = getattr(m, name)`, and no more."""

    function: ast.FunctionDef
    module: ast.expr
    inner: ast.expr
    name: ast.expr
    whole: bool
    harmless: tuple[ast.expr, ast.expr]


def imports_by_text(module: ast.Module) -> Iterator[tuple[Imported, tuple[ast.expr, ast.expr]]]:  # fmt: skip
    """Yield what is imported so, with the nodes that name `globals` and the importer."""
    found = [made for node in module.body if isinstance(node, ast.FunctionDef) and (made := _importer(node))]  # fmt: skip
    nodes = [*walk(module)] if found else []
    inner = [n for n in nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda))]  # fmt: skip
    bound = {name for name, _ in bindings([module])}
    bound |= {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}  # fmt: skip
    bound |= {arg.arg for n in inner for arg in walk(n) if isinstance(arg, ast.arg)}
    if bound & {*_OWN[:3]}:
        return
    for made in found:
        calls = [*_calls(nodes, made.function)]
        told = [_told(made, call) for call in calls]
        if calls and None not in told:
            yield from ((each, made.harmless) for each in told if each is not None)


def _importer(function: ast.FunctionDef) -> _Importer | None:
    """Return a function as one that imports by what it is given; None of any other."""
    args = function.args
    params = {arg.arg for arg in args.args}
    odd = args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs or args.defaults  # fmt: skip
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]  # fmt: skip
    if odd or function.decorator_list or len(body) != 2:
        return None
    one, other = body
    if not all(isinstance(s, ast.Assign) and len(s.targets) == 1 for s in body):
        return None
    assert isinstance(one, ast.Assign) and isinstance(other, ast.Assign)
    held, call, at, taken = one.targets[0], one.value, other.targets[0], other.value
    if not (isinstance(held, ast.Name) and isinstance(call, ast.Call) and call.args):
        return None
    if dotted(call.func) not in _IMPORTERS or len(call.args) > 1:
        return None
    if not (isinstance(at, ast.Subscript) and isinstance(at.value, ast.Call) and dotted(at.value.func) == ("globals", ())):  # fmt: skip
        return None
    if not (isinstance(taken, ast.Call) and dotted(taken.func) == ("getattr", ()) and len(taken.args) == 2 and not taken.keywords):  # fmt: skip
        return None
    parts = call.args[0], taken.args[1], at.slice
    plain = all(isinstance(p, ast.Constant) or (isinstance(p, ast.Name) and p.id in params) for p in parts)  # fmt: skip
    again = any(isinstance(p, ast.Name) and p.id == held.id for p in parts[1:])
    if not plain or again or dotted(taken.args[0]) != (held.id, ()):
        return None
    whole = dotted(call.func) != _IMPORTERS[0] or any(k.arg == "fromlist" for k in call.keywords)  # fmt: skip
    return _Importer(function, *parts, whole, (at.value.func, call.func))


def _calls(nodes: list[ast.AST], function: ast.FunctionDef) -> Iterator[ast.Call | None]:  # fmt: skip
    """Yield the calls of a function; None where something else is done with it."""
    name = function.name
    calls = {n.func: n for n in nodes if isinstance(n, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id == name:
            yield calls.get(node) if isinstance(node.ctx, ast.Load) else None
        elif name in (getattr(node, "attr", ""), getattr(node, "value", None), getattr(node, "arg", "")) or isinstance(node, ast.alias) and name in (node.name, node.asname) or node is not function and getattr(node, "name", "") == name:  # fmt: skip
            yield None


def _told(made: _Importer, call: ast.Call | None) -> Imported | None:
    """Return what a call imports; None where that is not told by texts."""
    if call is None or call.keywords:
        return None
    names = [arg.arg for arg in made.function.args.args]
    texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else "" for a in call.args]  # fmt: skip
    if len(texts) != len(names) or "" in texts:
        return None
    given = dict(zip(names, texts))
    module, inner, name = (_text(p, given) for p in (made.module, made.inner, made.name))  # fmt: skip
    if not (name.isidentifier() and inner.isidentifier()) or ("." in module and not made.whole) or module.startswith("."):  # fmt: skip
        return None
    return Imported(name, module, inner, made.function.name)


def _text(node: ast.expr, given: Mapping[str, str]) -> str:
    return given[node.id] if isinstance(node, ast.Name) else str(getattr(node, "value", ""))  # fmt: skip
