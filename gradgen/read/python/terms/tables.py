"""A Python file and a list, dict or array at its top in; the line that may change it out: no assignment shows what changes them.

The rule: every place that reads the table's name, or another name that it may go by, takes numbers or texts out of it and no more.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.arrays.taken import several
from gradgen.read.python.bound import Dotted, Helper, Meaning
from gradgen.read.python.changes import INSTANCES
from gradgen.read.python.follow.decorators import check_decorator
from gradgen.read.python.follow.meaning import follow
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.terms.rows import Row
from gradgen.read.python.tree import Function, children, dotted, own_names

#: Python's own functions that take numbers out of a sequence, or show it.
_TAKING = (
    *("len", "sum", "any", "all", "abs", "float", "int", "round", "bool", "str", "repr", "print", "range"),
    *("isinstance", "type", "id", "hash", "format", "hasattr", "callable"),
)  # fmt: skip
#: Those that hand on what is in it, such as lists, and how many levels further down or up that stands.
_PASSING = {
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "dict", "sorted", "reversed", "iter"), 0),
    **dict.fromkeys(("zip", "enumerate"), 1),
    **dict.fromkeys(("min", "max", "next"), -1),
}  # fmt: skip
_METHODS = ("index", "count", "keys", "shape", "size", "ndim", "sum", "mean", "min", "max", "dot", "prod", "tolist")  # fmt: skip
_PASSING_METHODS = {"copy": 0, "values": 0, "items": 1, "get": -1, "T": 0}
#: Modules whose functions change nothing that they are given, and keep none of it, but for these; and others that hand it on.
_SAFE, _HANDING = ("math", "numpy", "scipy", "statistics", "bisect", "jax"), ("itertools", "operator")  # fmt: skip
_CHANGING = ("shuffle", "put", "place", "copyto", "fill_diagonal", "put_along_axis", "putmask", "insort", "insort_left", "insort_right", "setitem", "delitem", "iadd", "iconcat", "imul", "at", "methodcaller")  # fmt: skip
#: Functions that only read an array that is given to them behind another one.
_SECOND = ("dot", "matmul", "inner", "vdot", "outer", "cross", "interp", "where", "polyval", "searchsorted", "trapezoid", "trapz", "array_equal", "allclose")  # fmt: skip
_STATEMENTS = (ast.Expr, ast.If, ast.While, ast.Assert, ast.Raise, ast.Delete)
_VALUES = (ast.UnaryOp, ast.Compare, ast.FormattedValue, ast.JoinedStr)
#: Lists stand no deeper in each other than is told apart.
_DEEPEST = 9
#: A name, the function whose own it is, and how deep lists stand in what it stands for.
_Alias: TypeAlias = "tuple[str, ast.AST | None, int]"


class _Lines:
    """Where names are read in a file, and whose they are."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.parents: dict[ast.AST, ast.AST] = {}
        self.loads: dict[str, list[ast.Name]] = {}
        #: Where names change in place, as by `+=`.
        self.changed: dict[str, list[ast.AugAssign]] = {}
        self.own: dict[Function, set[str]] = {}
        self.attributes: list[ast.Attribute] = []
        todo: list[ast.AST] = [names.module]
        while todo:
            node = todo.pop()
            for child in children(node):
                self.parents[child] = node
                todo.append(child)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.loads.setdefault(node.id, []).append(node)
            if isinstance(node, ast.Attribute):
                self.attributes.append(node)
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                self.changed.setdefault(node.target.id, []).append(node)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the functions and comprehensions around a node, the inmost first."""
        before = node
        while node in self.parents:
            before, node = node, self.parents[node]
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if before in node.body:
                    yield node
            elif isinstance(node, ast.Lambda) and before is node.body:
                yield node

    def owner(self, name: str, node: ast.AST) -> ast.AST | None:
        """Return the function whose own name this is where a node stands; None for the file's."""
        for function in self.around(node):
            assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))  # fmt: skip
            if function not in self.own:
                self.own[function] = own_names(function)
            if name in self.own[function]:
                return function
        return None

    def in_class(self, node: ast.AST) -> bool:
        """Whether a node stands in a class."""
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, ast.ClassDef):
                return True
        return False

    def meaning(self, call: ast.Call) -> Meaning | None:
        """Return what a call calls; None where that is not certain."""
        root, attributes = dotted(call.func)
        if root is None or self.owner(root, call) is not None:
            return None
        try:
            found = self.names.meaning(root)
        except UnclearError:
            known = root in self.names.bound.names
            return None if known else Dotted(".".join(("builtins", root, *attributes)))
        if not isinstance(found, Dotted):
            return None if attributes else found
        found = found.inner(attributes)
        with contextlib.suppress(UnclearError):
            return follow(found, self.names, {})
        return found


class Tables(_Lines):
    """What the lines of a file do with what its names stand for."""

    def __init__(self, names: Names, others: list[Tables] | None = None) -> None:
        super().__init__(names)
        #: The same of other files, whose functions tables are given to.
        self.others = [] if others is None else others
        self.others.append(self)
        #: The names that a table may go by, each with its scope and how deep lists stand in it, and those that are still to be asked.
        self.seen: set[_Alias] = set()
        self.todo: list[_Alias] = []
        #: Whether parts of tables may be seen through other arrays.
        self.views = False

    def change(self, name: str, row: Row) -> str:
        """Return why a table at the top of the file may change; empty where it cannot."""
        if not levels(row):
            return ""
        _, *attributes = name.split(".")
        if not attributes:
            self.alias(name, None, levels(row))
        return _changed(self, name, attributes[-1:], row)

    def alias(self, name: str, scope: ast.AST | None, deep: int) -> None:
        """Take note of a name of a function, or of the file, that a table may go by."""
        deep = min(deep, _DEEPEST)
        if deep > 0 and (name, scope, deep) not in self.seen:
            self.seen.add((name, scope, deep))
            self.todo.append((name, scope, deep))

    def read(self, name: str, scope: ast.AST | None, deep: int) -> int:
        """Return the line that may change what a name stands for; 0 where there is none but by other names."""
        for node in self.loads.get(name, []):
            if self.owner(name, node) is scope:
                line = self.held(node, deep)
                if line:
                    return line
        for node_ in self.changed.get(name, []):
            if self.owner(name, node_) is scope:
                return node_.lineno
        return 0

    def held(self, node: ast.expr, deep: int) -> int:
        """Return the line that may change what an expression stands for.

        Args:
            node: the expression.
            deep: how deep lists stand in it, itself included; 0 where nothing can change.
        """
        while deep > 0:
            parent = self.parents[node]
            if isinstance(parent, ast.Subscript) and parent.value is node:
                if not isinstance(parent.ctx, ast.Load):
                    return node.lineno
                axes = several(parent.slice)
                part = isinstance(parent.slice, ast.Slice) or bool(axes)
                deep -= sum(isinstance(each, ast.Constant) and type(each.value) is int for each in axes)  # fmt: skip
                deep -= not part or (deep == 1 and not self.views)
                # In an array, a part of it is seen, also by a[0] of one of two axes.
                deep = max(deep, 1) if part and self.views else deep
            elif isinstance(parent, ast.Attribute):
                if parent.attr in _METHODS:
                    return 0
                if parent.attr not in _PASSING_METHODS:
                    return node.lineno
                deep += _PASSING_METHODS[parent.attr]
                above = self.parents[parent]
                node = above if isinstance(above, ast.Call) and above.func is parent else parent  # fmt: skip
                continue
            elif isinstance(parent, (ast.Call, ast.keyword)):
                return self.given(node, parent, deep)
            elif isinstance(parent, (ast.BinOp, ast.Starred)):
                if deep == 1:
                    return 0
            elif isinstance(parent, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
                deep += 1
            elif isinstance(parent, (ast.BoolOp, ast.IfExp)):
                if isinstance(parent, ast.IfExp) and parent.test is node:
                    return 0
            else:
                return self.ends(node, parent, deep)
            assert isinstance(parent, ast.expr)
            node = parent
        return 0

    def ends(self, node: ast.expr, parent: ast.AST, deep: int) -> int:
        """Return the same where it goes no further up the expression."""
        if isinstance(parent, (*_STATEMENTS, *_VALUES, ast.Subscript, ast.Slice)):
            return 0  # of the last two, it is an index
        if isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is node:
            return self.targets(parent.target, deep - 1)
        if isinstance(parent, ast.Assign):
            found = (self.targets(target, deep) for target in parent.targets)
            return next((each for each in found if each), 0)
        if isinstance(parent, ast.AnnAssign):
            return self.targets(parent.target, deep)
        if isinstance(parent, ast.NamedExpr):
            return self.targets(parent.target, deep) or self.held(parent, deep)
        if isinstance(parent, ast.AugAssign):
            return node.lineno if deep > 1 else 0
        if isinstance(parent, ast.arguments):
            return self.default(node, parent, deep)
        return node.lineno

    def targets(self, target: ast.expr, deep: int) -> int:
        """Return the line that may change what is given to a target, or to its parts."""
        if deep < 1:
            return 0
        if isinstance(target, ast.Name):
            owner = self.owner(target.id, target)
            if owner is None and self.in_class(target):
                return target.lineno
            self.alias(target.id, owner, deep)
            return 0
        if isinstance(target, ast.Starred):
            return self.targets(target.value, deep)
        if isinstance(target, (ast.Tuple, ast.List)):
            found = (
                self.targets(each, deep - (not isinstance(each, ast.Starred)))
                for each in target.elts
            )
            return next((each for each in found if each), 0)
        return target.lineno

    def default(self, node: ast.expr, args: ast.arguments, deep: int) -> int:
        """Return the same of a parameter whose default this is."""
        every = [*args.posonlyargs, *args.args]
        names = [arg.arg for arg in every[len(every) - len(args.defaults) :]]
        pairs = [*zip(names, args.defaults)]
        pairs += [(a.arg, d) for a, d in zip(args.kwonlyargs, args.kw_defaults) if d]
        for name, default in pairs:
            if default is node:
                self.alias(name, self.parents[args], deep)
                return 0
        return node.lineno

    def given(self, node: ast.expr, parent: ast.AST, deep: int) -> int:
        """Return the same of what is given to a call."""
        call = self.parents[parent] if isinstance(parent, ast.keyword) else parent
        if not isinstance(call, ast.Call):
            return node.lineno
        meant = None if call.func is node else self.meaning(call)
        if isinstance(meant, Helper):
            own = meant.names is self.names
            given = self.argument if own else partial(_abroad, self)
            return given(node, parent, call, meant, deep)
        if not isinstance(meant, Dotted):
            return node.lineno
        path = meant.path.split(".")
        name = path[-1]
        if path[0] == "builtins":
            if name in _TAKING or (name in ("map", "filter") and deep == 1):
                return 0
            if name in _PASSING:
                return self.held(call, deep + _PASSING[name])
            return node.lineno
        named = parent.arg if isinstance(parent, ast.keyword) else ""
        over = any(str(each.arg).startswith("overwrite") for each in call.keywords)
        if name in _CHANGING or named in ("out", None) or "ndarray" in path or over:
            return node.lineno
        first = node in call.args[:1] or bool(named)
        if self.views and not first and name not in _SECOND:
            return node.lineno  # it may be where numpy puts what it makes
        if path[0] in _HANDING:
            return self.held(call, deep + 1)
        if path[0] not in _SAFE:
            return node.lineno
        # What numpy makes of an array may be the array itself, or a part of it.
        return self.held(call, deep) if self.views else 0

    def argument(
        self,
        node: ast.expr,
        parent: ast.AST,
        call: ast.Call,
        helper: Helper,
        deep: int,
    ) -> int:
        """Return the same of an argument of one of the file's functions."""
        args = helper.function.args
        every = [arg.arg for arg in (*args.posonlyargs, *args.args)]
        name: str | None = None
        if isinstance(parent, ast.keyword):
            name = parent.arg
        elif node in call.args and not any(isinstance(a, ast.Starred) for a in call.args):  # fmt: skip
            place = call.args.index(node)
            name = every[place] if place < len(every) else None
        known = (*every, *(arg.arg for arg in args.kwonlyargs))
        if name not in known or _is_changed(helper):
            return node.lineno
        assert name is not None
        self.alias(name, helper.function, deep)
        return 0


def _is_changed(helper: Helper) -> bool:
    """Whether a decorator of a function may do something else with what the function is given."""
    try:
        for decorator in helper.function.decorator_list:
            check_decorator(decorator, helper, (), True)
    except GradgenError:
        return True
    return False


def change_abroad(tables: Tables, name: str, row: Row) -> str:
    """Return why a table at the top of another file may change, where this one imports it or asks for it by a dot."""
    for node in tables.parents:
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            if alias.name in (name, "*"):
                bound = alias.asname or name
                tables.alias(bound, tables.owner(bound, node), levels(row))
    return _changed(tables, name, [name], row)


def aliases(tables: Tables) -> list[str]:
    """Return the names at the top of a file that tables may go by."""
    return sorted({name for name, scope, _ in tables.seen if scope is None})


def _changed(tables: Tables, name: str, attributes: Sequence[str], row: Row) -> str:
    """Return what changes a table that goes by the names that are to be asked, or is had by a dot."""
    tables.views = tables.views or _has_arrays(row)
    had = (n for n in tables.attributes if n.attr in attributes and dotted(n)[0] not in INSTANCES)  # fmt: skip
    line = next((each for each in (tables.held(n, levels(row)) for n in had) if each), 0)  # fmt: skip
    while tables.todo and not line:
        line = tables.read(*tables.todo.pop())
    where = f" of {tables.names.label}" if tables.names.label else ""
    return f"`{name}` may change: line {line}{where} hands the {row.kind} on, or changes it" if line else ""  # fmt: skip


def _abroad(tables: Tables, node: ast.expr, parent: ast.AST, call: ast.Call, helper: Helper, deep: int) -> int:  # fmt: skip
    """Return the line that may change what is given to another file's function, which is read as those of the own file are."""
    known = [each for each in tables.others if each.names is helper.names]
    other = known[0] if known else Tables(helper.names, tables.others)
    if tables.views and not other.views:
        other.views = True
        other.seen.clear()
    line = other.argument(node, parent, call, helper, deep)
    while other.todo and not line:
        line = other.read(*other.todo.pop())
    return node.lineno if line else 0


def levels(row: Row) -> int:
    """Return how deep what may be changed stands in a sequence, itself included; 0 where nothing is."""
    inner = max(map(levels, row.inner), default=0)
    return inner + 1 if inner or row.kind in ("list", "dict", "array") else 0


def _has_arrays(row: Row) -> bool:
    return row.kind == "array" or any(map(_has_arrays, row.inner))
