"""The files that run when a function's file is imported, read by it or not, in; which of them changes what another one holds out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.changes import (
    FUNCTIONS,
    IMPORTERS,
    INSTANCES,
    SETTERS,
    looked_into,
    own_arguments,
    own_classes,
    unspoken,
)
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.tree import dotted, walk
from gradgen.syntax import parse_python

if TYPE_CHECKING:
    from gradgen.read.python.follow.modules import Modules

#: An import in a text, where it begins a line or follows another statement there.
_IMPORT = re.compile(
    r"(?:^|(?<=[;:]))[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^()]*\)|[^\n#;]*)|import[ \t]+([^\n#;]*))",
    re.MULTILINE,
)
#: What runs only where the file is the program, or is not run at all.
_NEVER = re.compile(r"(?:el)?if\b.*\b(?:TYPE_CHECKING|__main__)\b")
_FUNCTION = re.compile(r"(?:async[ \t]+)?def\b")
#: What changes attributes that no assignment names, or gets at all that a module or a function holds.
_WORDS = (*SETTERS, *FUNCTIONS, "__dict__", "__globals__", "vars")
_WILD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b")
#: What follows a name where it is assigned as an attribute, or stands as a text.
_ASSIGNED = re.compile(r"['\"]|\s*(?:[-+*/%@&|^<>]{0,2}=(?!=)|[,)\]:;]|in\b|\n|$)")
#: What asks something of a module, and does not hand it on.
_ASKING = ("getattr", "hasattr", "isinstance", "dir", "print", "repr", "str", "id", "type", "vars", *SETTERS)  # fmt: skip
#: What takes something out of a dict, and changes nothing.
_TAKING = ("copy", "get", "items", "keys", "values")
_ANY = "*"
#: An assignment: what it starts from, the attributes on the way, the one that is assigned, the line, and the function around it,
#: where nothing in the file speaks of that; `*` is any.
_Store: TypeAlias = "tuple[str, tuple[str, ...], str, int, str]"
#: The nodes of functions of which nothing in their file speaks, with what these are called.
_Idle: TypeAlias = "Mapping[ast.AST, str]"


@dataclass
class Facts:
    """What a file does with the modules that it has.

    Attributes:
        stores: the attributes that it assigns.
        imports: what its imports give each name to, the dots in front of a module included.
        bare: the names that stand for themselves, so that what they stand for may go by another one.
        parted: those that are asked for something by a text, which may go by another name.
        modules: the modules that are got hold of by a text; `*` for any.
        held: the names that are given something which may be a module: an import's name, or one that is got hold of by a text.
        classes: the names that stand for the file's own classes wherever they stand, whose attributes are no module's.
    """

    stores: list[_Store] = field(default_factory=list)
    imports: dict[str, list[str]] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    parted: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    classes: frozenset[str] = frozenset()


@lru_cache(maxsize=256)
def facts(text: str) -> Facts:
    """Return what the text of a file does with the modules that it has."""
    found = Facts()
    try:
        module = parse_python(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return found  # Python runs none of it
    found.classes = own_classes(module)
    idle = {
        n: function.name for function in unspoken(module, text) for n in walk(function)
    }
    #: The dicts of modules out of which something is taken, and no more.
    taken: set[ast.expr] = set()
    if "__dict__" in text:
        taken = {*_looked_into(module), *looked_into(module)}
    #: The names that attributes are asked of, or that are called.
    asked: set[ast.expr] = set()
    for node in walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.split(".")[0]
                found.imports.setdefault(alias.asname or path, []).append(path)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                path = f"{'.' * node.level}{node.module or ''}"
                dot = "" if path.endswith(".") else "."
                found.imports.setdefault(alias.asname or alias.name, []).append(f"{path}{dot}{alias.name}")  # fmt: skip
        elif isinstance(node, ast.Call):
            _call(node, found, taken, idle)
            asked.add(node.func)
            asked.update(node.args if getattr(node.func, "id", "") in _ASKING else ())
        elif isinstance(node, ast.Subscript):
            _subscript(node, found, taken, idle)
        elif isinstance(node, ast.Attribute):
            if not isinstance(node.ctx, ast.Load):
                _store(node.value, node.attr, found, idle)
            elif node.attr in ("__dict__", "__globals__") and node not in taken:
                _store(node.value, _ANY if node.attr == "__dict__" else node.attr, found, idle)  # fmt: skip
            asked.add(node.value)
        elif isinstance(node, ast.Name) and node not in asked:
            found.bare.add(node.id)
            if node.id in SETTERS:
                found.stores.append(("", (), _ANY, node.lineno, idle.get(node, "")))
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.For, ast.NamedExpr)):
            _holds(node, found)
    return found


def _looked_into(module: ast.Module) -> Iterator[ast.expr]:
    """Yield each `a.__dict__` to which a function gives a name that it only looks into."""
    for function in walk(module):
        if not isinstance(function, ast.FunctionDef):
            continue
        nodes = [*walk(function)]
        given = {n.targets[0].id: n.value for n in nodes if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and len(n.targets) == 1 and isinstance(n.value, ast.Attribute) and n.value.attr == "__dict__"}  # fmt: skip
        if not given:
            continue
        looks = {n.value for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)}  # fmt: skip
        looks |= {n.value for n in nodes if isinstance(n, ast.Attribute) and n.attr in _TAKING}  # fmt: skip
        looks |= {n.iter for n in nodes if isinstance(n, (ast.For, ast.comprehension))}
        looks |= {c for n in nodes if isinstance(n, ast.Compare) and isinstance(n.ops[0], (ast.In, ast.NotIn)) for c in n.comparators}  # fmt: skip
        for name, value in given.items():
            uses = [n for n in nodes if isinstance(n, ast.Name) and n.id == name]
            stores = [n for n in uses if not isinstance(n.ctx, ast.Load)]
            if len(stores) == 1 and all(n in looks for n in uses if n not in stores):
                yield value


def _holds(
    node: ast.Assign | ast.AnnAssign | ast.For | ast.NamedExpr, found: Facts
) -> None:
    """Take note of the names that a statement gives something which may be a module."""
    value = node.iter if isinstance(node, ast.For) else node.value
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for part in walk(value) if value is not None else ():
        called = getattr(part, "func", None)
        name = getattr(called, "id", None) or getattr(called, "attr", "")
        bare = isinstance(part, ast.Name) and part.id in found.imports
        if bare or name in IMPORTERS or getattr(part, "attr", "") == "modules":
            found.held.update(
                n.id for t in targets for n in walk(t) if isinstance(n, ast.Name)
            )
            return


@lru_cache(maxsize=256)
def _is_wild(text: str) -> bool:
    """Whether a file may change attributes that no assignment in it names."""
    return _WILD.search(text) is not None


def _may_assign(text: str, name: str) -> bool:
    """Whether an attribute of a name may be assigned in a text, by what stands around the name: it is much shorter to ask than to read."""
    for match in re.finditer(name, text):
        before = text[max(0, match.start() - 20) : match.start()].rstrip()
        if before.endswith((".", "'", '"')) and _ASSIGNED.match(text, match.end()):
            return True
    return False


def _store(owner: ast.expr, name: str, found: Facts, idle: _Idle) -> None:
    root, attributes = dotted(owner)
    if root not in INSTANCES:
        found.stores.append(
            (root or "", attributes, name, owner.lineno, idle.get(owner, ""))
        )


def _call(node: ast.Call, found: Facts, taken: set[ast.expr], idle: _Idle) -> None:
    called, args = node.func, node.args
    name = getattr(called, "id", None) or getattr(called, "attr", "")
    first = args[0].value if args and isinstance(args[0], ast.Constant) else None
    if name in SETTERS and args:
        # As in math.__setattr__("exp", f), or object.__setattr__(math, "exp", f).
        texts = [a.value for a in args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]  # fmt: skip
        # In self.__setattr__(name, value), no owner is among the arguments.
        method = isinstance(called, ast.Attribute)
        given = not method or len(args) > own_arguments(name) or isinstance(args[-1], ast.Starred)  # fmt: skip
        owners = [args[0]] if first is None and given else []
        owners += [called.value] if isinstance(called, ast.Attribute) else []
        for owner in owners:
            _store(owner, texts[0] if texts else _ANY, found, idle)
    elif len(args) > 2 and isinstance(getattr(args[1], "value", None), str):
        _store(args[0], args[1].value, found, idle)  # type: ignore[attr-defined] # as in patch.object(math, "exp", f)
    elif name in IMPORTERS and args:
        whole = isinstance(first, str) and not first.startswith(".")
        found.modules.add(str(first) if whole else _ANY)
    elif name == "getattr" and args and isinstance(args[0], ast.Name):
        found.parted.add(args[0].id)
    elif name == "vars" and args and node not in taken:
        _store(args[0], _ANY, found, idle)
    elif isinstance(called, ast.Attribute) and called.attr in _TAKING:
        taken.add(called.value)


def _subscript(
    node: ast.Subscript, found: Facts, taken: set[ast.expr], idle: _Idle
) -> None:
    """Take note of `sys.modules["a"]`, and of what is put into `vars(math)` or `math.__dict__` by its name."""
    held, key = node.value, node.slice
    text = key.value if isinstance(key, ast.Constant) else None
    if isinstance(held, ast.Attribute) and held.attr == "modules":
        itself = isinstance(key, ast.Name) and key.id == "__name__"
        found.modules.update([] if itself else [str(text) if text else _ANY])
    elif isinstance(node.ctx, ast.Load):
        taken.add(held)
    elif isinstance(text, str):
        owner = held.value if isinstance(held, ast.Attribute) and held.attr == "__dict__" else None  # fmt: skip
        if isinstance(held, ast.Call) and getattr(held.func, "id", "") == "vars":
            owner = next(iter(held.args), None)
        if owner is not None:
            _store(owner, text, found, idle)
            taken.add(held)


def _of_tree(module: ast.Module) -> Iterator[str]:
    """Yield what the function's own file imports, where its functions run, too; methods are none of those that are read."""
    todo: list[tuple[ast.AST, bool]] = [(module, False)]
    while todo:
        node, owned = todo.pop()
        function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            path = f"{'.' * node.level}{node.module or ''}"
            dot = "" if path.endswith(".") else "."
            named = (alias.name for alias in node.names if alias.name != "*")
            yield from (path, *(f"{path}{dot}{name}" for name in named))
        elif not (owned and function):
            inner = isinstance(node, ast.ClassDef) or (owned and not function)
            todo += [(child, inner) for child in ast.iter_child_nodes(node)]


@lru_cache(maxsize=256)
def imported(text: str) -> tuple[str, ...]:
    """Return the names of modules, and of what may be one, that a text imports when it runs."""
    text = text.replace("\\\n", "  ")
    running = _running(text)
    found: list[str] = []
    for match in _IMPORT.finditer(text):
        start = text.rfind("\n", 0, match.start() + 1) + 1
        if start not in running:
            continue
        module, names, several = match.groups()
        if several is not None:
            found += (each.split()[0] for each in several.split(",") if each.split())
            continue
        dot = "" if module.endswith(".") else "."
        listed = re.sub(r"#[^\n]*", "", names).strip("()").split(",")
        words = (each.split() for each in listed)
        found += [module, *(f"{module}{dot}{each[0]}" for each in words if each and each[0] != "*")]  # fmt: skip
    return (*found,)


def _running(text: str) -> set[int]:
    """Return where the lines begin that run when a file is imported: those that no line further left keeps from it."""
    found: set[int] = set()
    #: The lines around, each further right than the one before: how far, and whether what is in them runs.
    around = [(-1, True)]
    start = 0
    for line in text.split("\n"):
        bare = line.lstrip()
        indent = len(line) - len(bare)
        if bare:
            while around[-1][0] >= indent:
                around.pop()
            runs = around[-1][1] and not (_FUNCTION.match(bare) or _NEVER.match(bare))
            around.append((indent, runs))
            if runs:
                found.add(start)
        start += len(line) + 1
    return found


@dataclass
class Beyond:
    """The files that run when a function's file is imported, as far as they may be read.

    Attributes:
        files: the files that may be read.
        start: the function's own.
        trusted: the functions that change what was read, if anybody calls them, each with the names.
    """

    files: Modules
    start: Names
    trusted: dict[str, set[str]] = field(default_factory=dict)
    _read: dict[str, Names | None] = field(default_factory=dict)
    _answers: dict[tuple[str, str], tuple[str, int] | None] = field(
        default_factory=dict
    )

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """The texts of these files by what they are called, in the order in which they are met."""
        found: dict[str, str] = {self.start.home: self.start.text}
        todo = [(self.start.home, self.start.package, self.start.text)]
        seen = {""}
        while todo:
            home, package, text = todo.pop(0)
            around = home.rpartition(".")[0]
            own = text is self.start.text
            paths = [around, *(_of_tree(self.start.module) if own else imported(text))]
            for path in filter(None, (self._whole(each, home, package) for each in paths)):  # fmt: skip
                parts = path.split(".")
                for count in range(1, len(parts) + 1):
                    module = ".".join(parts[:count])
                    if module not in seen:
                        seen.add(module)
                        known = self.files.text(module, self.start)
                        if known is not None and module not in found:
                            found[module] = known[0]
                            todo.append((module, known[1], known[0]))
        return found

    def _whole(self, path: str, home: str, package: bool) -> str:
        """Return a name without dots in front; empty where it leads out of what is read."""
        up = len(path) - len(path.lstrip("."))
        parts = home.split(".") if home else []
        around = parts[: len(parts) - up + package] if up else []
        if up and not around and up > 1:
            return ""
        return ".".join([*around, *filter(None, [path[up:]])])

    def changing(self, home: str, name: str) -> tuple[str, int] | None:
        """Return the file and the line that assign to what a module holds by a name; None where there is none."""
        if (home, name) not in self._answers:
            self._answers[home, name] = self._changing(home, name)
        return self._answers[home, name]

    def _changing(self, home: str, name: str) -> tuple[str, int] | None:
        for module, text in self.texts.items():
            if module != home and (_is_wild(text) or _may_assign(text, name)):
                line = self._line(facts(text), module, home, name)
                if line:
                    return module, line
        return None

    def _line(self, known: Facts, module: str, home: str, name: str) -> int:
        """Return the line in which a file changes what a module holds by a name; 0 where it does not."""
        loose = [p for n in sorted(known.bare) for p in self._paths(known, module, n)]
        loose += sorted(known.modules)
        parted = [p for n in known.parted for p in self._paths(known, module, n)]
        loose += [_ANY for path in parted if home.startswith(f"{path}.")]
        for root, attributes, attribute, line, idle in known.stores:
            if root in known.classes and not attributes:
                continue
            wanted = [home] if attribute in (name, _ANY) else []
            wanted += [f"{home}.{name}"] if attribute in (*FUNCTIONS, _ANY) else []
            roots = self._paths(known, module, root)
            paths = [".".join((path, *attributes)) for path in roots]
            if attribute == "__globals__":
                # What a function has is what its module has.
                wanted, paths = [home], [p.rpartition(".")[0] for p in paths or loose]
            read = home in self.texts and wanted and not roots
            # Any attribute of what is given no module, in a file that gets hold of some module by a text, is one of some object.
            some = attribute == _ANY and root and root not in known.held
            near = [path for path in loose if not (some and path == _ANY)]
            met = any(self._is(path, each) for path in paths for each in wanted)
            if met or (read and any(self._leads(path, wanted) for path in near)):
                if not idle or self.is_called(idle, module):
                    return line
                self.trusted.setdefault(idle, set()).add(name)
        return 0

    def is_called(self, function: str, module: str) -> bool:
        """Whether another file speaks of a function, of which its own does not."""
        spoken = re.compile(rf"\b{function}\b")
        others = (text for name, text in self.texts.items() if name != module)
        return any(function in text and spoken.search(text) for text in others)

    def _leads(self, path: str, wanted: Sequence[str]) -> bool:
        """Whether one of some things is at hand for who has a module."""
        around = any(f"{each}.".startswith(f"{path}.") for each in wanted)
        return path == _ANY or around or any(self._is(path, each) for each in wanted)

    def _paths(self, known: Facts, module: str, root: str) -> list[str]:
        """Return the whole names of what imports of a file give a name to."""
        text = self.files.text(module, self.start)
        package = text is not None and text[1]
        given = known.imports.get(root, ["builtins"] if root == "__builtins__" else [])
        found = (self._whole(path, module, package) for path in given)
        return [*filter(None, found)]

    def _is(self, path: str, wanted: str) -> bool:
        """Whether something imported is a module, or what it holds, by way of the files that hand it on."""
        for _ in range(len(self.texts)):
            if path == wanted:
                return True
            module = path.rpartition(".")[0]
            while module and module not in self.texts:
                module = module.rpartition(".")[0]
            rest = path[len(module) + 1 :].split(".")
            handed = self._paths(facts(self.texts[module]), module, rest[0]) if module else []  # fmt: skip
            if not handed:
                return False
            path = ".".join((handed[0], *rest[1:]))
        return False

    def mentioning(self, name: str) -> Iterator[Names]:
        """Yield the files that speak of a name."""
        for module, text in self.texts.items():
            if name in text and re.search(rf"\b{name}\b", text):
                names = self.names(module, text)
                if names is not None:
                    yield names

    def names(self, module: str, text: str) -> Names | None:
        """Return a file's names; None where it is no Python."""
        known = self.files.files.get(module)
        if known is None and module not in self._read:
            self._read[module] = None
            try:
                names = Names(text, label=module)
            except (GradgenError, UnclearError):
                return None
            package = self.files.text(module, self.start)
            names.home, names.modules = module, self.files
            names.package = package is not None and package[1]
            self._read[module] = names
        return known or self._read[module]
