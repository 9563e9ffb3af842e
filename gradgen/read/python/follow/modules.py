"""The name of something imported in; what the file that defines it binds out, by way of all files that hand it on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.bound import Dotted, Meaning
from gradgen.read.python.follow.stars import starred
from gradgen.read.python.scope import Names, UnclearError

#: What finds the text of a module by its whole name, and whether it is a package; it looks anywhere only for what is named.
Find: TypeAlias = "Callable[[str, bool], tuple[str, bool] | None]"
#: Published limits: the files that are read for one function, their characters, and how often one name is handed on.
MAX_FILES, MAX_CHARACTERS, MAX_STEPS = 200, 10_000_000, 50


@dataclass
class Modules:
    """The files that a function's file imports from.

    Attributes:
        find: what finds them.
        named: the modules that the user names, with all that is in them.
        beside: whether what lies beside the file may be read unasked: a file in no package has its siblings there.
        files: those that were read, by the modules' names; None where there is none.
        siblings: whether there is a module of a name beside the function's file.
        failed: why files cannot be read.
        used: the names that were looked up in any of them.
        size: how many characters were read.
    """

    find: Find
    named: Sequence[str] = ()
    beside: bool = False
    files: dict[str, Names | None] = field(default_factory=dict)
    siblings: dict[str, bool] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    size: int = 0

    def add(self, names: Names, module: str, package: bool) -> None:
        """Take a file in."""
        names.home, names.package, names.modules = module, package, self
        self.files[module] = names
        for name in names.changes.outside:
            if name in self.used or (name == "*" and self.used):
                raise UnclearError(self._changed(name, names))

    def use(self, name: str) -> None:
        """Take note that a name's meaning matters, which another file may change.

        Raises:
            UnclearError: one does.
        """
        if name in self.used:
            return
        self.used[name] = None
        for names in self.files.values():
            if names is not None and {name, "*"} & names.changes.outside.keys():
                raise UnclearError(self._changed(name, names))

    def _changed(self, name: str, names: Names) -> str:
        lines = names.changes.outside
        line = lines.get(name) or lines["*"]
        where = f" of {names.home}" if names.label else ""
        what = f"`{name}`" if name != "*" else "what is imported"
        return f"{what} may change: line {line}{where} assigns to an attribute of that name; leave modules as they are"

    def absolute(self, found: Dotted, by: Names) -> Dotted | None:
        """Return a name without dots in front; None where the package around the file does not reach so far up."""
        if not found.path.startswith("."):
            return found
        parts = by.home.split(".")
        inside = parts if by.package else parts[:-1]
        up = len(found.path) - len(found.path.lstrip(".")) - 1
        if up and up >= len(inside):
            return None
        around = inside[: len(inside) - up]
        path, module = (
            ".".join([*around, *filter(None, [text.lstrip(".")])])
            for text in (found.path, found.module)
        )
        return Dotted(path, module)

    def reads(self, path: str, by: Names) -> bool:
        """Return whether what something imports may be read: the user names it, or it is the file's own package, or beside it."""
        own = self._top(path) == self._top(by.home)
        return own or self.is_named(path) or self._lies_beside(path)

    def _lies_beside(self, path: str) -> bool:
        """Return whether what something imports lies beside the function's file, where that may be read unasked."""
        top = self._top(path)
        if self.beside and top not in self.siblings:
            try:
                self.siblings[top] = self.find(top, False) is not None
            except GradgenError:
                self.siblings[top] = True  # which will be said where it is read
        return self.siblings.get(top, False)

    def is_named(self, path: str) -> bool:
        """Return whether the user names something imported, or a module around it."""
        return any(f"{path}.".startswith(f"{name}.") for name in self.named)

    def _anywhere(self, module: str) -> bool:
        """Return whether a module may be looked for anywhere."""
        return self._top(module) in map(self._top, self.named)

    @staticmethod
    def _top(path: str) -> str:
        return path.partition(".")[0]

    def load(self, module: str) -> Names | None:
        """Return a module's file, after those of the packages around it; None where none is found.

        Raises:
            UnclearError: it cannot be read, or there are too many.
        """
        parts = module.split(".")
        for count in range(1, len(parts) + 1):
            name = ".".join(parts[:count])
            if name not in self.files:
                self.files[name] = None
                self._load(name)
            found = self.files[name]
            if name in self.failed:
                raise UnclearError(self.failed[name])
            if found is None:
                return None
            if count < len(parts) and "__path__" in found.bound.names:
                return None  # what is in the package lies elsewhere, too
        return self.files[module]

    def _load(self, module: str) -> None:
        if len(self.files) > MAX_FILES or self.size > MAX_CHARACTERS:
            self.failed[module] = (
                f"`{module}` would be one file too many: at most {MAX_FILES} are read, of {MAX_CHARACTERS} characters"
            )
            return
        try:
            found = self.find(module, self._anywhere(module))
            if found is None:
                return
            text, package = found
            self.size += len(text)
            self.add(Names(text, label=module), module, package)
        except GradgenError as error:
            said = error.message.partition(": ")[2] or error.message
            self.failed[module] = f"the source of `{module}` cannot be read: {said}"

    def step(self, found: Dotted, by: Names) -> Meaning | None:
        """Return what something imported is by the file that binds it, which may be something else imported; None where it is not read.

        Args:
            found: the name, without dots in front.
            by: the file that imports it.

        Raises:
            UnclearError: it does not mean one thing for certain.
        """
        if not self.reads(found.path, by):
            return None
        module = found.module or self._top(found.path)
        names = self.load(module)
        if names is None:
            return None
        attributes = found.path[len(module) + 1 :].split(".")
        for place, name in enumerate(filter(None, attributes)):
            here = f"{module}.{name}"
            meaning = self._of(names, name)
            itself = isinstance(meaning, Dotted) and meaning.path == here
            inner = None
            if names.package and (meaning is None or itself):
                inner = self.load(here)
            handed = meaning is None and "__getattr__" in names.bound.names
            if inner is not None and handed:
                raise UnclearError(
                    f"`{here}` may be a module, or what `__getattr__` of {module} returns; import from {here} itself"
                )
            if inner is not None:
                module, names = here, inner
                continue
            if meaning is None or itself:
                return None
            self.use(name)
            rest = attributes[place + 1 :]
            if isinstance(meaning, Dotted):
                return meaning.inner(rest)
            if rest:
                raise UnclearError(f"`{here}` is no module, and holds no `{rest[0]}`")
            return meaning
        return Dotted(module, module)

    def _of(self, names: Names, name: str) -> Meaning | None:
        """Return what a file binds a name to, the dots in front of it resolved; None where it does not."""
        if not names.binds(name):
            return None
        try:
            found = names.meaning(name)
            ways = (found, *found.others) if isinstance(found, Dotted) else ()
            known = [self.absolute(each, names) for each in ways]
        except UnclearError as error:
            raise UnclearError(f"{error} (in {names.home})") from None
        if isinstance(found, Dotted):
            first, *others = known
            if first is None or None in others:
                return None
            rest = tuple(each for each in others if each is not None)
            found = Dotted(first.path, first.module, rest)
        return found

    def starred(self, names: Names, name: str) -> Dotted | None:
        """Return what an import of `*` binds a name to; see there."""
        return starred(self, names, name)
