"""A Python file's statements at the top in; what they bind out, where the files that it imports from are at hand of these as well."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from gradgen.prove.python.arrays import ARRAY_API
from gradgen.prove.python.holding import Calls
from gradgen.prove.python_expressions import (
    MODULES,
    TOLD,
    FileNames,
    Fixed,
    Function,
    Imported,
    Scope,
    Value,
)
from gradgen.prove.python_numbers import SPECIAL, UnknownError
from gradgen.read.python.scope import UnclearError

#: The decorators that leave a function what it says; which these are in a file, its reader has told.
_DECORATORS = (
    *("differentiate", "jit", "njit", "vectorize", "lru_cache", "cache", "staticmethod"),
    *("final", "override", "deprecated", "no_type_check", "xp_capabilities"),
)  # fmt: skip
#: The constants of scipy that are exact.
_EXACT = {
    "c": 299792458.0,
    "speed_of_light": 299792458.0,
    "g": 9.80665,
    "h": 6.62607015e-34,
    "Planck": 6.62607015e-34,
    "atm": 101325.0,
    "k": 1.380649e-23,
    "Boltzmann": 1.380649e-23,
    "atmosphere": 101325.0,
    "e": 1.602176634e-19,
    "elementary_charge": 1.602176634e-19,
    "N_A": 6.02214076e23,
    "Avogadro": 6.02214076e23,
}
#: So many files hand a name on.
_DEEPEST = 40


@dataclass
class Imports(Calls):
    """What imports bind.

    Attributes:
        ignored: the decorators that change nothing, beside those that are known.
        hops: how many files handed on the name that is looked up.
        others: the files that others import from.
    """

    ignored: Collection[str] = ()
    hops: int = 0
    others: dict[str, FileNames] = field(default_factory=dict)

    def run(self, statement: ast.stmt) -> None:
        """Run a statement at the top of a file."""
        raise NotImplementedError

    def tried(self, node: ast.Try, scope: Scope) -> None:
        """Bind what is imported under `try`, where there is nothing in its place but None or an error."""
        rest = [s for handler in node.handlers for s in handler.body]
        lacking = all(
            isinstance(s, (ast.Pass, ast.Raise)) or _names_none(s) for s in rest
        )
        if not lacking or node.orelse or node.finalbody:
            raise UnknownError
        for each in node.body:
            if not isinstance(each, (ast.Import, ast.ImportFrom)):
                raise UnknownError
            self.imports(each, scope)

    def imports(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        """Bind what an import names; what is in no module that is known or at hand has no value."""
        for alias in node.names:
            if isinstance(node, ast.Import):
                bound = alias.asname or alias.name.partition(".")[0]
                whole = alias.name if alias.asname else bound
                top = whole.partition(".")[0]
                known = top in ("scipy", *MODULES, *TOLD) or whole in TOLD
                known = known or self.names.reads
                scope[bound] = Imported(whole) if known else None
                continue
            module = self.absolute(node)
            known = module in (
                *MODULES,
                "scipy",
                "scipy.constants",
                "scipy.special",
                ARRAY_API,
            )
            known = known or (self.names.reads and module is not None)
            if alias.name == "*":
                if module in MODULES or not known:
                    self.names.starred = True
                else:
                    self.names.stars.append(str(module))
                continue
            known = known or module in TOLD
            value = Imported(str(module), alias.name) if known else None
            scope[alias.asname or alias.name] = value

    def absolute(self, node: ast.ImportFrom) -> str | None:
        """Return the whole name of a module that an import names; None where that is not known."""
        if not node.level:
            return node.module
        file = self.names.file
        if file is None or file.modules is None:
            return None
        around = [*filter(None, file.home.split("."))]
        for _ in range(node.level - (1 if file.package else 0)):
            if not around:
                return None
            around.pop()
        return ".".join([*around, *([node.module] if node.module else [])])

    def far(self, module: str, name: str) -> Value:
        """Return what another file binds a name to, or a module in a package."""
        if module in (*MODULES, "builtins"):
            return self.constant(Imported(module, name))
        if module == ARRAY_API and name in ("array_namespace", "xp_promote"):
            return Imported(module, name)
        if (module, name) in (("scipy", "constants"), ("scipy", "special")):
            return Imported(f"scipy.{name}")
        if module == "scipy.special" and name in SPECIAL:
            return Imported(module, name)
        if module == "scipy.constants" and name in _EXACT:
            return self.numbers.number(_EXACT[name])
        names = self.other(module)
        if names is None or self.hops > _DEEPEST:
            raise UnknownError
        self.hops += 1
        here, self.names = self.names, names
        try:
            self.ready(name)
            value = names.bound.get(name)
            same = isinstance(value, Imported) and (value.module, value.name) == (module, name)  # fmt: skip
            if value is None or same:
                inner = f"{module}.{name}"
                return Imported(inner) if self.other(inner) is not None else None
            return self.constant(value)
        finally:
            self.names = here
            self.hops -= 1

    def starred(self, name: str) -> Value:
        """Return what the one import of `*` binds that does."""
        found = []
        for module in self.names.stars:
            try:
                if not _hands_on(self.other(module), name):
                    continue
                found.append(self.far(module, name))
            except UnknownError:
                continue
        known = [value for value in found if value is not None]
        if len(known) > 1 or self.names.starred:
            raise UnknownError
        return known[0] if known else None

    def other(self, module: str) -> FileNames | None:
        """Return another file, whose statements wait until what they bind is asked for; None where there is none."""
        files = self.names.file.modules if self.names.file is not None else None
        if files is None or (module in MODULES):
            return None
        if module not in self.others:
            try:
                file = files.load(module)
            except UnclearError:
                raise UnknownError from None
            if file is None:
                return None
            names = FileNames(self.numbers, file=file)
            here, self.names = self.names, names
            for statement in file.module.body:
                for name in bound_in(statement):
                    names.waiting.setdefault(name, []).append(statement)
            self.others[module] = names
            for statement in names.waiting.pop("*", []):
                self.run(statement)
            self.names = here
        return self.others[module]

    def ready(self, name: str) -> None:
        """Run what binds a name of a file, where that waits; all of it once."""
        for statement in self.names.waiting.pop(name, []):
            depth, self.depth = self.depth, 0
            self.run(statement)
            self.depth = depth
        if self.names.stars and name not in self.names.bound:
            value = self.starred(name)
            if value is not None:
                self.names.bound[name] = value


@dataclass
class Files(Imports):
    """What stands at the top of files."""

    def statement(self, node: ast.stmt, scope: Scope) -> None:
        """Do what a statement does."""
        raise NotImplementedError

    def module(self, module: ast.Module) -> None:
        """Run what stands at the top of the file, as far as it has a meaning here; other names have none."""
        for statement in module.body:
            self.run(statement)

    def run(self, statement: ast.stmt) -> None:
        try:
            self.top(statement)
        except UnknownError:
            self.depth = 0
            self.names.bound |= dict.fromkeys(bound_in(statement))

    def top(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef):
            args = node.args
            names = [arg.arg for arg in args.args]
            plain = not (args.posonlyargs or args.kwonlyargs or args.vararg)
            if args.kwarg or not plain or not self.is_itself(node):
                raise UnknownError
            values = [self.expression(d, {}) for d in args.defaults]
            first = len(names) - len(values)
            given = dict(zip(names[first:], values))
            self.names.bound[node.name] = Function(node, given, self.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports(node, self.names.bound)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self.statement(node, self.names.bound)
        elif isinstance(node, ast.Try) or (isinstance(node, ast.If) and _imports(node)):
            self.ways(node)
        elif not isinstance(node, ast.Expr):
            raise UnknownError

    def is_itself(self, node: ast.FunctionDef) -> bool:
        """Whether a function is what it says, by its decorators."""
        for decorator in node.decorator_list:
            made = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = made.attr if isinstance(made, ast.Attribute) else getattr(made, "id", "")  # fmt: skip
            known = (*_DECORATORS, *(each.rpartition(".")[2] for each in self.ignored))
            if name not in known:
                own = self.named(name, self.names.bound)
                last = own.node.body[-1] if isinstance(own, Function) else None
                back = last.value if isinstance(last, ast.Return) else None
                given = own.node.args.args[0].arg if isinstance(own, Function) and own.node.args.args else ""  # fmt: skip
                if not (isinstance(back, ast.Name) and back.id == given):
                    return False
        return True

    def ways(self, node: ast.Try | ast.If) -> None:
        """Bind what one of the ways imports, where the others import the same, or nothing."""
        bodies = [node.body, node.orelse]
        if isinstance(node, ast.Try):
            bodies = [[*node.body, *node.orelse, *node.finalbody]]
            bodies += [] if _is_sure(node) else [h.body for h in node.handlers]
        found: dict[str, list[Value]] = {}
        for body in bodies:
            before, self.names.bound = self.names.bound, {}
            for each in body:
                if not isinstance(each, ast.Pass):
                    self.run(each)
            for name, value in self.names.bound.items():
                if not isinstance(value, Fixed) or value.value is not None:
                    found.setdefault(name, []).append(value)
            self.names.bound = before
        for name, values in found.items():
            first, *rest = values
            alike = all(_is_same(first, other) for other in rest)
            self.names.bound[name] = first if alike else None


def _is_sure(node: ast.Try) -> bool:
    """Whether nothing fails in a `try`, as it imports what `math` and `sys` have, and names what that says of floats."""
    for each in node.body:
        of = each.module if isinstance(each, ast.ImportFrom) else ""
        told = each.value if isinstance(each, ast.Assign) else None
        said = isinstance(told, ast.Attribute) and isinstance(told.value, ast.Name) and told.attr == "epsilon"  # fmt: skip
        if of not in ("math", "sys") and not said:
            return False
    return not node.orelse and not node.finalbody


def bound_in(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement may bind."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]


def _hands_on(file: FileNames | None, name: str) -> bool:
    """Whether `*` of a file takes a name, where one list of texts says which it does; any where none does."""
    module = file.file.module if file is not None and file.file is not None else None
    said = [s for s in (module.body if module else ()) if "__all__" in {*bound_in(s)}]
    value = said[0].value if len(said) == 1 and isinstance(said[0], ast.Assign) else None  # fmt: skip
    parts = value.elts if isinstance(value, (ast.List, ast.Tuple)) else None
    if parts is None or not all(isinstance(p, ast.Constant) for p in parts):
        return True
    return name in [getattr(p, "value", None) for p in parts]


def _names_none(node: ast.stmt) -> bool:
    """Whether a statement names what is lacking None."""
    value = node.value if isinstance(node, ast.Assign) else None
    return isinstance(value, ast.Constant) and value.value is None


def own_names(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds in its own function; those of functions and comprehensions in it are theirs."""
    todo = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.name
            continue
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        inside = isinstance(node, (ast.Lambda, ast.comprehension))
        todo += [] if inside else ast.iter_child_nodes(node)


def _imports(node: ast.If) -> bool:
    """Whether an `if` holds imports, and nothing else that binds a name to a value."""
    return all(
        isinstance(each, (ast.Import, ast.ImportFrom, ast.Pass, ast.Try, ast.Assign))
        for each in (*node.body, *node.orelse)
    )


def _is_same(one: Value, other: Value) -> bool:
    """Whether two imports give the same: what `math` and `numpy` call alike is."""
    if not (isinstance(one, Imported) and isinstance(other, Imported)):
        return one is other
    both = one.module in MODULES and other.module in MODULES
    return one.name == other.name and (both or one.module == other.module)
