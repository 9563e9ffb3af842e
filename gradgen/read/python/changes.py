"""The syntax tree of a Python file in; what in it may bind its names, or change what modules hold, behind every assignment's back, out.

The rule: a file that runs text among its names, or gets hold of all of them at once, may bind any; it is not asked which. Text that
is given other names counts as another file, unless a module is within its reach.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gradgen.read.python.follow.by_text import Imported, imports_by_text
from gradgen.read.python.tree import Function, bindings, dotted, own_names, scoped, walk

#: What runs text among the file's names, if no others are given, or gives all of them.
_TEXT = ("exec", "eval")
_EVERYTHING = (*_TEXT, "globals", "__builtins__")
#: What gives a function its own names, and the file's at the top level.
_INNER = ("vars", "locals")
#: The same as attributes, of a frame or of a function.
_FRAMES = ("f_globals", "f_locals", "f_builtins", "__globals__", "__builtins__")
#: What a function does when it is called.
FUNCTIONS = ("__code__", "__defaults__", "__kwdefaults__")
SETTERS = ("setattr", "delattr", "__setattr__", "__delattr__")
_WATCHED = (*_EVERYTHING, *_INNER, *SETTERS)
#: What methods call the instance and the class that they belong to.
INSTANCES = ("self", "cls")
#: What a file may get hold of itself by; an importer, where it is not told in so many words what to import.
IMPORTERS = ("import_module", "__import__")
_MODULES = ("modules", "__main__", *IMPORTERS)


@dataclass
class Changes:
    """What may change.

    Attributes:
        named: names that may change in ways that no assignment shows, with the line and what it holds.
        anything: the line that may bind any name at any time, and what it holds.
        stored: the attributes that are assigned anywhere, which may be those of modules, with the line; `*` stands for any,
            `?` for any of what has no name.
        unbound: the line that may bind names that the file binds nowhere.
        outside: those of them that may be of modules that other files hold, too.
        itself: whether one of these modules may be the file's own, as in sys.modules[__name__].
        idle: names that a function changes that nothing in the file speaks of, with what it is called: until somebody
            calls it, as anybody might change the file from outside, they are what the file says.
        trusted: those of these functions that change what was read, each with the names.
        imported: what functions of the file import among its names, as calls of theirs name it by texts.
    """

    named: dict[str, tuple[int, str]] = field(default_factory=dict)
    anything: tuple[int, str] | None = None
    stored: dict[str, int] = field(default_factory=dict)
    unbound: int | None = None
    outside: dict[str, int] = field(default_factory=dict)
    itself: bool = False
    idle: dict[str, str] = field(default_factory=dict)
    trusted: dict[str, set[str]] = field(default_factory=dict)
    imported: dict[str, list[Imported]] = field(default_factory=dict)

    def trust(self, name: str) -> None:
        """Take note of a name that was read and that a function changes which nothing in the file calls."""
        if name in self.idle:
            self.trusted.setdefault(self.idle[name], set()).add(name)


def changes_in(module: ast.Module, text: str) -> Changes:
    """Return what in a file may change names and modules."""
    watch = _Watch(module, text)
    for node, around in scoped(module):
        watch.see(node, around)
    return watch.result()


class _Watch:
    def __init__(self, module: ast.Module, text: str) -> None:
        self.found = Changes()
        #: What stands in functions that nothing in the file speaks of, by what these are called.
        self.idle = {
            inner: function.name
            for function in unspoken(module, text)
            for inner in walk(function)
        }
        #: The names of the file's own functions and classes, with the line from which they are bound.
        self.own = {
            node.name: node.end_lineno or node.lineno
            for node in reversed(module.body)
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }
        self.classes = own_classes(module)
        nodes = [n for n in walk(module) if isinstance(n, (ast.Import, ast.ImportFrom, ast.Constant))]  # fmt: skip
        self.owned: dict[Function, set[str]] = {}
        imports = [n for n in nodes if not isinstance(n, ast.Constant)]
        whole = {alias.name for node in imports for alias in node.names}
        whole |= {str(n.module) for n in imports if isinstance(n, ast.ImportFrom)}
        self.imported = {name for name, _ in bindings(imports)}
        # What a package such as scipy holds may be a module, and what others hold is none that means something here.
        modules = [n for n in imports if not isinstance(n, ast.ImportFrom) or str(n.module).split(".")[0] == "scipy" or not n.module]  # fmt: skip
        self.whole = {name for name, _ in bindings(modules)}
        self.tops = self.imported | {name for name, _ in bindings(module.body)}
        texts = (n.value for n in nodes if isinstance(n, ast.Constant))
        self.builtins = "builtins" in whole or "builtins" in texts
        #: The modules that an importer's text may name.
        self.modules = {"math", "numpy", *(name.split(".")[0] for name in whole)}
        #: What is called, or read with a dot: a module that is neither goes somewhere else.
        self.handled: set[ast.expr] = set()
        #: What is copied or looked into, and left as it is.
        self.copied: set[ast.expr] = {*looked_into(module)}
        #: The calls of `globals` that bind nothing: what asks for a name, and what Python alone calls.
        self.harmless = _harmless(module, self.found)
        self.harmless |= _by_key(module, self.idle, self.found)
        #: The importers that are told what to import.
        self.told = _told(module, self.found, self.harmless)
        #: Where text is run among names that are given.
        self.texts: list[tuple[ast.Call, str]] = []
        #: Whether a module may be at hand under another name.
        self.loose = any(isinstance(n.ctx, ast.Load) for _, _, n in _keyed(module))
        copies = [*_copies(module)]
        self.harmless.update(copies)
        self.loose |= bool(copies)
        #: What is assigned where: the owner, the attribute, the line, and whether that is sure.
        self.stores: list[tuple[str | None, str, int, bool]] = []

    def see(self, node: ast.AST, around: Sequence[Function]) -> None:
        if isinstance(node, ast.Global):
            for name in node.names:
                self.found.named.setdefault(name, (node.lineno, "`global`"))
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                known = alias.name in IMPORTERS and alias.asname is None
                self.found.itself |= alias.name in _MODULES and not known
                if node.module == "builtins" and alias.name in _WATCHED:
                    self.all_names(node, alias.name)
        elif isinstance(node, ast.Import):
            self.found.itself |= any(alias.name in _MODULES for alias in node.names)
        elif isinstance(node, ast.Attribute):
            self.handled.add(node.value)
            self.attribute(node.value, node.attr, node)
        elif isinstance(node, ast.Call):
            self.call(node, around)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            key = _entry(node)
            if key:
                self.copied.add(node.value)  # of which no more is known
            self.inside_of(node.value, node, key)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self.name(node, around)

    def name(self, node: ast.Name, around: Sequence[Function]) -> None:
        name = node.id
        bare = node not in self.handled
        self.found.itself |= name in _MODULES and node not in self.told
        self.loose |= bare and name in self.whole
        if name not in _WATCHED or not self.is_builtin(node, around):
            return
        if node in self.harmless:
            return
        watched = (*_TEXT, *_INNER) if bare else ()
        if name in ("globals", "__builtins__", *watched):
            self.all_names(node, name)
        elif bare and name in SETTERS:
            self.loose = True
            self.store(None, "*", node)

    def is_builtin(self, node: ast.Name, around: Sequence[Function]) -> bool:
        """Return whether a name is the builtin one, and neither the file's own nor a function's."""
        if node.lineno > self.own.get(node.id, node.lineno):
            return False
        for function in around:
            if function not in self.owned:
                self.owned[function] = own_names(function)
        return not any(node.id in self.owned[function] for function in around)

    def attribute(self, owner: ast.expr, name: str, node: ast.expr) -> None:
        """Take note of an attribute, which is read or assigned."""
        root = _root(owner, self.classes)
        self.found.itself |= name in _MODULES and node not in self.told
        context = getattr(node, "ctx", None)
        if not isinstance(context, (ast.Load, type(None))):
            if node in self.idle and root and name not in FUNCTIONS:
                self.found.idle.setdefault(name, self.idle[node])
                return
            if root:
                words = f"an assignment to `{root}.{name}`"
                self.found.named.setdefault(root, (node.lineno, words))
            self.store(root, name, node)
        elif name in _FRAMES or (self.builtins and name in (*_EVERYTHING, *_INNER)):
            self.all_names(node, name)
        elif name == "__dict__" and node not in self.copied:
            self.store(root, "*", node, sure=False)
        self.inside_of(owner, node)  # as in vars(math).update(...)

    def call(self, node: ast.Call, around: Sequence[Function]) -> None:
        called = node.func
        name = getattr(called, "id", None) or getattr(called, "attr", "")
        known = isinstance(called, ast.Name) and name in (*_WATCHED, "getattr")
        plain = known and self.is_builtin(called, around)  # type: ignore[arg-type]
        self.handled.add(called)
        copied = isinstance(called, ast.Attribute) and called.attr == "copy"
        if copied and not node.args:
            self.copied.add(called.value)  # type: ignore[attr-defined]
        args = node.args
        texts = [a.value for a in args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]  # fmt: skip
        if name in IMPORTERS and len(args) == len(texts) == 1:
            self.told.add(called)
            self.loose |= texts[0].split(".")[0] in self.modules
        elif name in SETTERS and args and (plain or isinstance(called, ast.Attribute)):
            # As in math.__setattr__("exp", f), or object.__setattr__(math, "exp", f).
            owners = [args[0]]
            if isinstance(called, ast.Attribute):
                far = len(args) > own_arguments(name) or isinstance(args[-1], ast.Starred)  # fmt: skip
                owners = [called.value, *(args[:1] if far else ())]
            for owner in owners:
                root = _root(owner, self.classes)
                self.store(root, texts[0] if texts else "*", node)
                if root:
                    self.found.named.setdefault(root, (node.lineno, f"`{name}`"))
        elif plain and name == "getattr" and args and texts:
            self.attribute(args[0], texts[0], node)
        elif plain and name in _TEXT:
            given = args[1] if len(args) > 1 else ast.Constant(None)
            if isinstance(given, ast.Constant) or any(isinstance(a, ast.Starred) for a in args):  # fmt: skip
                self.all_names(node, name)
            self.texts.append((node, name))
        elif plain and name in _INNER:
            starred = any(isinstance(arg, ast.Starred) for arg in args)
            if starred or (not args and not around):
                self.all_names(node, name)
            for arg in args:
                self.store(dotted(arg)[0], "*", node, sure=False)

    def inside_of(self, node: ast.expr, where: ast.expr, key: str = "") -> None:
        """Take note of what is put into `vars(math)`, or taken out."""
        if isinstance(node, ast.Call) and dotted(node.func)[0] in _INNER:
            for arg in node.args:
                self.store(dotted(arg)[0], "*", where)
        elif key:
            self.store(dotted(node)[0], key, where)
        elif node in self.copied:
            return
        elif isinstance(node, ast.Attribute) and node.attr in ("__dict__", "modules"):
            self.store(dotted(node)[0], "*", where)

    def all_names(self, node: ast.AST, name: str) -> None:
        line = getattr(node, "lineno", 1)
        if self.found.anything is None or line < self.found.anything[0]:
            self.found.anything = line, f"`{name}`"

    def store(
        self, root: str | None, name: str, node: ast.expr, sure: bool = True
    ) -> None:
        """Take note of an assignment to an attribute, which may be one of a module."""
        if name in FUNCTIONS and sure:
            self.all_names(node, name)
        self.stores.append((root, name, node.lineno, sure))

    def result(self) -> Changes:
        """Return what was found; which owners may be modules is known at the end."""
        if self.loose or self.found.itself:
            for node, name in self.texts:
                self.all_names(node, name)
        for root, name, line, sure in self.stores:
            if root in INSTANCES or (root in self.classes and name not in FUNCTIONS):
                continue  # an object's own, or a class's
            at_hand = self.loose or self.found.itself
            told = name != "*" and (not root or bool(self.told))
            far = root in self.imported or at_hand or told
            if far and sure:
                self.found.outside.setdefault(name, line)
            if name == "*":
                known = root in (self.tops if sure else self.imported)
                name = "*" if known or self.loose else "?"
            self.found.stored.setdefault(name, line)
        return self.found


def looked_into(module: ast.Module) -> Iterator[ast.expr]:
    """Yield each `a.__dict__` that is gone through, or asked for what it holds by a name, and so left as it is."""
    for node in walk(module):
        looks: list[ast.expr] = []
        if isinstance(node, (ast.For, ast.comprehension)):
            looks = [node.iter]
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            looks = [node.value]
        elif isinstance(node, ast.Compare) and all(isinstance(o, (ast.In, ast.NotIn)) for o in node.ops):  # fmt: skip
            looks = node.comparators
        yield from (n for n in looks if getattr(n, "attr", "") == "__dict__")


def _root(owner: ast.expr, classes: frozenset[str]) -> str | None:
    """Return what an owner starts from; nothing where that is a class of the file's, which may hold anything."""
    root, attributes = dotted(owner)
    return None if attributes and root in classes else root


def _entry(node: ast.Subscript) -> str:
    """Return the name that `a.__dict__["name"]` speaks of; empty for any other."""
    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    held = isinstance(node.value, ast.Attribute) and node.value.attr == "__dict__"
    return key if held and isinstance(key, str) else ""


def own_arguments(name: str) -> int:
    """Return how many arguments a method that sets or deletes an attribute takes: its name, and a value."""
    return 1 if "del" in name else 2


def own_classes(module: ast.Module) -> frozenset[str]:
    """Return the names that a file binds by a class at its top level, and nowhere else, in any scope."""
    counts: Counter[str] = Counter()
    for node in walk(module):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            counts[node.id] += 1
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            counts[node.name] += 1
        elif isinstance(node, ast.arg):
            counts[node.arg] += 1
        elif isinstance(node, ast.alias):
            counts[node.asname or node.name.split(".")[0]] += 1
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:  # fmt: skip
            counts[node.name] += 1
        elif isinstance(node, ast.MatchMapping) and node.rest:
            counts[node.rest] += 1
    plain = (n for n in module.body if isinstance(n, ast.ClassDef) and not n.decorator_list)  # fmt: skip
    return frozenset(node.name for node in plain if counts[node.name] == 1)


def unspoken(module: ast.Module, text: str) -> Iterator[ast.FunctionDef]:
    """Yield the functions at the top of a file whose names stand nowhere else in it, not even in a text or a comment."""
    words = Counter(re.findall(r"\w+", text))
    for node in module.body:
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            continue
        if words[node.name] == 1 and not node.name.startswith("__"):
            yield node


def _keyed(module: ast.Module) -> Iterator[tuple[ast.AST, str, ast.Subscript]]:
    """Yield the names `globals` in `globals()["name"]`, each with what it is asked for; what Python keeps there is left out."""
    for node in walk(module):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            key = node.slice.value
            if isinstance(key, str) and not key.startswith("__"):
                for called in _globals(node.value):
                    yield called, key, node


def _by_key(module: ast.Module, idle: Mapping[ast.AST, str], changes: Changes) -> set[ast.AST]:  # fmt: skip
    """Return the names `globals` that are asked for one name each, after taking note of what they bind."""
    found: set[ast.AST] = set()
    for called, key, node in _keyed(module):
        found.add(called)
        if node in idle:
            changes.idle.setdefault(key, idle[node])
        elif not isinstance(node.ctx, ast.Load):
            changes.named.setdefault(key, (node.lineno, "`globals`"))
    return found


def _copies(module: ast.Module) -> Iterator[ast.AST]:
    """Yield the names `globals` in `globals().copy()`, which binds nothing, but gives all that names are bound to."""
    for node in walk(module):
        if isinstance(node, ast.Call) and not (node.args or node.keywords):
            function = node.func
            if isinstance(function, ast.Attribute) and function.attr == "copy":
                yield from _globals(function.value)


def _told(module: ast.Module, changes: Changes, harmless: set[ast.AST]) -> set[ast.expr]:  # fmt: skip
    """Return the importers that are told by texts what to import, after taking note of that, and of the names `globals` that bind no more."""
    found: set[ast.expr] = set()
    for each, (asked, importer) in imports_by_text(module):
        changes.imported.setdefault(each.name, []).append(each)
        harmless.add(asked)
        found.add(importer)
    return found


def _harmless(module: ast.Module, changes: Changes) -> set[ast.AST]:
    """Return the names `globals` in calls that bind nothing, or nothing that the file binds.

    These are `"name" in globals()`, and `return globals()[name]` and `globals()[name] = value` in the `__getattr__(name)` of a file,
    which Python calls for names that the file has not, if nothing else of the file speaks of that function.
    """
    found: set[ast.AST] = set()
    spoken = 0
    for node in walk(module):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):  # fmt: skip
            found.update(_globals(node.comparators[0]) if len(node.ops) == 1 else ())
        spoken += "__getattr__" in (getattr(node, "id", ""), getattr(node, "attr", ""))
        spoken += isinstance(node, ast.Constant) and node.value == "__getattr__"
        spoken += isinstance(node, ast.alias) and "__getattr__" in (node.name, node.asname)  # fmt: skip
    own = [n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == "__getattr__"]  # fmt: skip
    for node in own if not spoken else ():
        if not node.decorator_list:
            returned = (n.value for n in walk(node) if isinstance(n, ast.Return))
            subscripts = [v for v in returned if isinstance(v, ast.Subscript)]
            found.update(each for v in subscripts for each in _globals(v.value))
            stored = _stored(node)
            if stored:
                found.update(stored)
                changes.unbound = node.lineno
    return found


def _stored(node: ast.FunctionDef) -> list[ast.AST]:
    """Return the names `globals` in `globals()[name] = value`, where `name` is what `__getattr__(name)` is asked for."""
    args = [arg.arg for arg in node.args.args]
    asked = [n for n in walk(node) if isinstance(n, ast.Name) and [n.id] == args]
    if any(not isinstance(n.ctx, ast.Load) for n in asked):
        return []
    found: list[ast.AST] = []
    for each in (n for n in walk(node) if isinstance(n, ast.Assign)):
        for target in each.targets:
            if isinstance(target, ast.Subscript) and target.slice in asked:
                found += _globals(target.value)
    return found


def _globals(node: ast.expr) -> list[ast.AST]:
    """Return the name `globals` where a node is a plain call of it."""
    plain = isinstance(node, ast.Call) and not (node.args or node.keywords)
    name = node.func if plain else None  # type: ignore[attr-defined]
    return [name] if isinstance(name, ast.Name) and name.id == "globals" else []
