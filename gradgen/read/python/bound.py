"""The statements at the top of a Python file in; what each name is bound to, and where, out."""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from gradgen.read.python.tree import bindings

if TYPE_CHECKING:
    from gradgen.read.python.scope import Names
    from gradgen.read.python.terms.value import Value
    from gradgen.read.python.values import Scope

#: All that `from math import *` binds, in any version of Python.
_OF_MATH = frozenset("""
    acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs
    factorial floor fma fmax fmin fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isnormal isqrt
    issubnormal lcm ldexp lgamma log log10 log1p log2 modf nan nextafter perm pi pow prod radians remainder signbit sin
    sinh sqrt sumprod tan tanh tau trunc ulp
    """.split())  # noqa: SIM905 # fmt: skip


@dataclass(frozen=True)
class Dotted:
    """A module, or something in one, by the whole name that Python imports it by.

    Attributes:
        path: the name.
        module: the part of it that is certainly a module, as an import says so; empty where none does.
        others: where `try` or `if` decides which of several is imported, the others.
    """

    path: str
    module: str = field(default="", compare=False)
    others: tuple[Dotted, ...] = field(default=(), compare=False)

    def inner(self, attributes: Sequence[str]) -> Dotted:
        """Return what is reached by attributes."""
        if not attributes:
            return self
        others = tuple(each.inner(attributes) for each in self.others)
        return Dotted(".".join((self.path, *attributes)), self.module, others)


@dataclass(frozen=True)
class Constant:
    """A value to which one plain assignment gives a name, at the top of a file or in a class there."""

    name: str
    value: ast.expr
    names: Names
    place: int
    owner: str = ""


@dataclass(frozen=True)
class Helper:
    """A function of the file's own; its defaults where they are in hand, or else as the text says them."""

    function: ast.FunctionDef
    names: Names
    place: int = 0
    defaults: tuple[Any, ...] | None = None


@dataclass(frozen=True, eq=False)
class Inner:
    """A function inside another one, which sees the names around it; its defaults are those where it is defined."""

    helper: Helper
    around: Scope
    defaults: Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class Partial:
    """What `functools.partial` makes: a function, and the arguments that it is given beforehand, by position and by name."""

    function: Dotted | Helper | Inner | Partial
    args: Sequence[Value]
    named: Mapping[str, Value]


#: What may be called.
Callee: TypeAlias = "Dotted | Helper | Inner | Partial"
CALLEES = (Dotted, Helper, Inner, Partial)
Meaning: TypeAlias = "Dotted | Constant | Helper"


@dataclass(frozen=True)
class Binding:
    """A statement that binds a name: its line and its place, and what to, or how else; of an import also whether in one way alone."""

    line: int
    how: str
    place: int
    meaning: Meaning | None


@dataclass(frozen=True)
class Bound:
    """What the statements at the top of a file bind.

    Attributes:
        names: the bindings of each name, in order.
        stars: the imports of `*`, which may bind any name that is not bound below the last: the statement, the line and the module.
    """

    names: Mapping[str, Sequence[Binding]]
    stars: Sequence[tuple[int, int, str]]

    @property
    def star(self) -> tuple[int, int, str] | None:
        """The last import of `*`."""
        return self.stars[-1] if self.stars else None


#: How an import binds a name where that stands in one way of a statement.
_ONE_WAY = "in one way"
#: How statements bind names that are no constants, in words.
_HOW: dict[type[ast.AST], str] = {
    ast.AugAssign: "an assignment such as `+=`",
    ast.For: "a loop",
    ast.AsyncFor: "a loop",
    ast.While: "a loop",
    ast.If: "a statement under `if`",
    ast.Try: "a statement under `try`",
    ast.With: "a statement under `with`",
    ast.Match: "a statement under `match`",
    ast.Delete: "`del`",
    ast.ClassDef: "a class",
    ast.AsyncFunctionDef: "an `async` function",
}


def bound(names: Names, stored: Collection[str]) -> Bound:
    """Return what a file's statements bind at its top level.

    Args:
        names: the names of the file.
        stored: the attributes that the file assigns, which may be those of a module.
    """
    found: dict[str, list[Binding]] = {}
    stars: list[tuple[int, int, str]] = []
    for place, node in enumerate(names.module.body):
        listed = plain(node, place, names) or _there(node, names)
        sure = bool(listed)
        listed = listed or either(node, names)
        for name, line, meaning in listed:
            how = _ONE_WAY if meaning and not sure else ""
            how = how if meaning else "an assignment that unpacks what is not listed"
            found.setdefault(name, []).append(Binding(line, how, place, meaning))
        known = Counter(name for name, _, _ in listed)
        for name, line in bindings([node]):
            if name != "*" and known[name]:
                known[name] -= 1
            elif name != "*":
                how = _HOW.get(type(node), "more than a plain statement")
                found.setdefault(name, []).append(Binding(line, how, place, None))
            elif isinstance(node, ast.ImportFrom) and (node.module, node.level) == (
                "math",
                0,
            ):
                # What the file puts into the module comes back by the star.
                for each in sorted({*_OF_MATH, *stored}):
                    meant = Binding(line, "", place, Dotted(f"math.{each}"))
                    found.setdefault(each, []).append(meant)
            else:
                plainly = isinstance(node, ast.ImportFrom)
                stars.append((place, line, source(node) if plainly else ""))  # type: ignore[arg-type]
    return Bound(found, stars)


def plain(
    node: ast.stmt, place: int, names: Names
) -> list[tuple[str, int, Meaning | None]]:
    """Return what a plain assignment, import or `def` binds, with the line."""
    found: list[tuple[str, int, Meaning | None]] = []
    line = node.lineno
    if isinstance(node, ast.Import):
        for alias in node.names:
            path = alias.name if alias.asname else alias.name.split(".")[0]
            found.append((alias.asname or path, line, Dotted(path, path)))
    elif isinstance(node, ast.ImportFrom):
        module = source(node)
        for alias in node.names:
            dot = "" if module.endswith(".") else "."
            meant = Dotted(f"{module}{dot}{alias.name}", module)
            if alias.name != "*":
                found.append((alias.asname or alias.name, line, meant))
    elif isinstance(node, ast.FunctionDef):
        found.append((node.name, line, Helper(node, names, place)))
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for one, value in _pairs(target, node.value):
                named = Constant(one.id, value, names, place) if value else None
                found.append((one.id, line, named))
    return found


def source(node: ast.ImportFrom) -> str:
    """Return the module that an import names, with the dots in front."""
    return "." * node.level + (node.module or "")


def either(node: ast.stmt, names: Names) -> list[tuple[str, int, Meaning | None]]:
    """Return what `try` or `if` around imports binds, each name as often as it does: to one of the imports.

    A way in which it is None, or has no value at all, is one in which nothing can be done with it.
    """
    if not isinstance(node, (ast.Try, ast.If)):
        return []
    imported: dict[str, list[tuple[int, Dotted]]] = {}
    nothing: Counter[str] = Counter()
    for each in ways(node):
        if isinstance(each, (ast.Import, ast.ImportFrom)):
            for name, line, meant in plain(each, 0, names):
                assert isinstance(meant, Dotted)
                imported.setdefault(name, []).append((line, meant))
        elif isinstance(each, ast.Assign) and _is_none(each.value):
            nothing.update(t.id for t in each.targets if isinstance(t, ast.Name))
    every = Counter(name for name, _ in bindings([node]))
    found: list[tuple[str, int, Meaning | None]] = []
    for name, given in imported.items():
        if every[name] == len(given) + nothing[name]:
            (line, first), *others = given
            rest = tuple(other for _, other in others if other != first)
            meaning = Dotted(first.path, first.module, rest)
            found += [(name, line, meaning)] * every[name]
    return found


def _there(node: ast.stmt, names: Names) -> list[tuple[str, int, Meaning | None]]:
    """Return what `try` binds by imports of what `math` and `sys` have, and by what that says of floats, so that nothing is done in their place."""
    if not isinstance(node, ast.Try) or node.orelse or node.finalbody:
        return []
    found: list[tuple[str, int, Meaning | None]] = []
    for inner in node.body:
        if _is_there(inner):
            found += plain(inner, 0, names)
        elif told := _of_floats(inner, node.body):
            name, line, attribute = told
            found.append((name, line, Dotted(f"sys.float_info.{attribute}", "sys")))
        else:
            return []
    often = Counter(name for name, _ in bindings([node]))
    return [each for each in found for _ in range(often[each[0]])]


def _is_there(node: ast.stmt) -> bool:
    """Whether a statement imports what `math` has, or what `sys` says of floats, so that nothing is done in its place."""
    if not isinstance(node, ast.ImportFrom) or node.level:
        return False
    named = [alias.name for alias in node.names]
    of_math = node.module == "math" and all(hasattr(math, name) for name in named)
    return of_math or (node.module == "sys" and named == ["float_info"])


def _of_floats(node: ast.stmt, body: Sequence[ast.stmt]) -> tuple[str, int, str] | None:
    """Return the name that a statement gives to what `sys.float_info`, imported above it, says, its line and which that is; None of any other."""
    value = node.value if isinstance(node, ast.Assign) and len(node.targets) == 1 else None  # fmt: skip
    if not isinstance(value, ast.Attribute) or not isinstance(value.value, ast.Name):
        return None
    told = [alias.asname or alias.name for each in body[: body.index(node)] if isinstance(each, ast.ImportFrom) and each.module == "sys" for alias in each.names]  # fmt: skip
    target = node.targets[0]  # type: ignore[attr-defined]
    known = value.value.id in told and value.attr in ("epsilon", "max", "min")
    return (target.id, node.lineno, value.attr) if known and isinstance(target, ast.Name) else None  # fmt: skip


def ways(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the statements in the ways of a `try` or an `if`, which may hold others."""
    todo = [node]
    while todo:
        each = todo.pop()
        if isinstance(each, (ast.Try, ast.If)):
            inner = [*each.body, *each.orelse]
            if isinstance(each, ast.Try):
                inner += [s for handler in each.handlers for s in handler.body]
                inner += each.finalbody
            todo += reversed(inner)
        else:
            yield each


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _pairs(
    target: ast.expr, value: ast.expr
) -> Iterator[tuple[ast.Name, ast.expr | None]]:
    """Yield the names of an assignment's target, each with its value if that is plain."""
    if isinstance(target, ast.Name):
        yield target, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        starred = any(isinstance(n, ast.Starred) for n in (*target.elts, *values))
        same = len(values) == len(target.elts) and not starred
        for place, one in enumerate(target.elts):
            if isinstance(one, ast.Name):
                yield one, values[place] if same else None


def omitted(helper: Helper, given: Collection[str]) -> Iterator[tuple[str, ast.expr]]:
    """Yield the parameters with a default that a call leaves out, each with that."""
    names = [arg.arg for arg in helper.function.args.args]
    count = len(helper.function.args.defaults)
    for place, name in enumerate(names[len(names) - count :]):
        if name not in given:
            yield name, default_of(helper, place)


def default_of(helper: Helper, place: int) -> ast.expr:
    """Return the default of a parameter, counted among those that have one; where it is in hand, as a number there."""
    node = helper.function.args.defaults[place]
    if helper.defaults is None:
        return node
    return ast.copy_location(ast.Constant(helper.defaults[place]), node)
