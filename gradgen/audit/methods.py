"""A class in, as its syntax tree; some of its methods as functions out, what they read of `self` as parameters."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


class NoFunctionError(Exception):
    """A method is no function of its arguments and of numbers that its object was made with."""


@dataclass
class Methods:
    """The methods of a class.

    What `__init__` stores as it was given is a parameter, a number of the class is that number; whatever else is read of `self`
    may depend on what else is, so nothing is said of methods that read it.

    Attributes:
        node: the class.
        functions: the functions that were made so far, by method; those that call others after these.
    """

    node: ast.ClassDef
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)

    def __post_init__(self) -> None:
        body = self.node.body
        self.methods = {n.name: n for n in body if isinstance(n, ast.FunctionDef)}
        stored = [*self._stored()]
        names = [name for name, _ in stored]
        given = [value for _, value in stored if value]
        self.given = {n for n, value in stored if value and names.count(n) == given.count(value) == 1}  # fmt: skip
        self.numbers = {
            target.id: node.value
            for node in body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id not in names
        }
        self._read: dict[str, list[str]] = {}
        self._begun: set[str] = set()

    def add(self, names: Sequence[str]) -> Sequence[str]:
        """Make functions of methods, all with the same further parameters in front; return what they are called.

        Raises:
            NoFunctionError: one of them cannot be told from its text.
        """
        for name in names:
            self._add(name)
        of_all = [*dict.fromkeys(a for name in names for a in self._read[name])]
        for name in names:
            args = self.functions[name].args.args
            own = args[len(self._read[name]) :]
            self.functions[name].args.args = [*map(_param, of_all), *own]
        return [self.called(name) for name in names]

    def called(self, name: str) -> str:
        return f"{self.node.name}_{name.strip('_')}"

    def attributes(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return what methods read of their object, as the last of them says it, by the parameter that stands for it."""
        said = [arg.arg for arg in self.methods[names[-1]].args.args][:1]
        read = [each for name in names for each in self._read[name]]
        return {_called(each): f"{said[0]}.{each}" for each in read}

    def own(self, name: str) -> Sequence[str]:
        """Return the parameters of a method that are not its object's."""
        found = [arg.arg for arg in self.methods[name].args.args]
        return found[not _is_static(self.methods[name]) :]

    def _add(self, name: str) -> None:
        """Make a function of a method, after those that it calls."""
        if name in self._read:
            return
        method = self.methods.get(name)
        if method is None or name in self._begun or not _is_plain(method):
            raise NoFunctionError
        self._begun.add(name)
        static = _is_static(method)
        params = method.args.args
        if not static and not params:
            raise NoFunctionError
        changed = _OfSelf(self, "" if static else params[0].arg)
        body = [changed.visit(copy.deepcopy(node)) for node in method.body]
        read = self._read[name] = [*changed.read]
        params = [*map(_param, read), *params[not static :]]
        plain = ast.arguments([], params, None, [], [], None, method.args.defaults)
        made = ast.FunctionDef(self.called(name), plain, body, [], None, None)
        self.functions[name] = ast.copy_location(made, method)

    def call(self, name: str) -> tuple[str, Sequence[str]]:
        """Return the function that a method is, and what it reads of its object."""
        self._add(name)
        return self.called(name), self._read[name]

    def _stored(self) -> Iterator[tuple[str, str]]:
        """Yield what methods store in `self`, with the parameter of `__init__` that it is; empty where it is something else."""
        for method in self.methods.values():
            first = method.args.args[0].arg if method.args.args else ""
            nodes = [*ast.walk(method)]
            bound = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}  # fmt: skip
            params = {arg.arg for arg in method.args.args[1:]} - bound
            plain: dict[ast.AST, str] = {}
            for node in method.body if method.name == "__init__" else ():
                value = node.value if isinstance(node, ast.Assign) else None
                if isinstance(value, ast.Name) and value.id in params:
                    assert isinstance(node, ast.Assign)
                    plain |= dict.fromkeys(node.targets, value.id)
            for each in nodes:
                of_self = isinstance(each, ast.Attribute) and _is_name(each.value, first)  # fmt: skip
                if of_self and not isinstance(each.ctx, ast.Load):  # type: ignore[attr-defined]
                    yield each.attr, plain.get(each, "")  # type: ignore[attr-defined]


class _OfSelf(ast.NodeTransformer):
    """Puts parameters, numbers and functions in the place of what is read of an object."""

    def __init__(self, of: Methods, name: str) -> None:
        self.of = of
        self.name = name
        self.read: dict[str, None] = {}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        function = node.func
        if isinstance(function, ast.Attribute) and _is_name(function.value, self.name):
            called, read = self.of.call(function.attr)
            self.read |= dict.fromkeys(read)
            args = [self.visit(arg) for arg in node.args]
            given: list[ast.expr] = [ast.Name(_called(a), ast.Load()) for a in read]
            made = ast.Call(
                ast.Name(called, ast.Load()),
                [*given, *args],
                [self.visit(keyword) for keyword in node.keywords],
            )
            return ast.fix_missing_locations(ast.copy_location(made, node))
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if not _is_name(node.value, self.name):
            return self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            raise NoFunctionError
        if node.attr in self.of.numbers:
            return ast.copy_location(copy.deepcopy(self.of.numbers[node.attr]), node)
        if node.attr not in self.of.given:
            raise NoFunctionError
        self.read[node.attr] = None
        return ast.copy_location(ast.Name(_called(node.attr), ast.Load()), node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == self.name:
            raise NoFunctionError
        return node


def _called(attribute: str) -> str:
    return f"self_{attribute.strip('_')}"


def _param(attribute: str) -> ast.arg:
    return ast.arg(_called(attribute))


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and bool(name) and node.id == name


def _decorators(method: ast.FunctionDef) -> Sequence[str]:
    return [getattr(each, "id", "?") for each in method.decorator_list]


def _is_static(method: ast.FunctionDef) -> bool:
    return "staticmethod" in _decorators(method)


def _is_plain(method: ast.FunctionDef) -> bool:
    """Whether a method is one that is called as it stands there, with its arguments by place or name."""
    args = method.args
    simple = not (args.posonlyargs or args.kwonlyargs or args.vararg or args.kwarg)
    return simple and {*_decorators(method)} <= {"staticmethod", "classmethod"}


def functions_of(
    node: ast.ClassDef, names: Sequence[str]
) -> (
    tuple[
        Mapping[str, ast.FunctionDef], Sequence[str], Sequence[str], Mapping[str, str]
    ]
    | None
):
    """Return functions that some methods are, with all that they call; what those are called; what the first one takes; and what
    the last one reads of its object, by the parameter that stands for it.

    None where a method is no function of its arguments and of numbers that its object was made with.
    """
    methods = Methods(node)
    try:
        called = methods.add(names)
    except NoFunctionError:
        return None
    attributes = methods.attributes(names)
    return methods.functions, called, methods.own(names[0]), attributes
