"""The name of something imported in; what the file that defines it binds out, by way of all files that hand it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.bound import Dotted
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
        used: the names that were looked up, each after the file that binds it.
        size: how many characters were read.
    """

    find: Find
    named: Sequence[str] = ()
    beside: bool = False
    files: dict[str, Names | None] = field(default_factory=dict)
    siblings: dict[str, bool] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    used: dict[tuple[str, str], None] = field(default_factory=dict)
    size: int = 0

    def add(self, names: Names, module: str, package: bool) -> None:
        """Take a file in."""
        names.home, names.package, names.modules = module, package, self
        self.files[module] = names
        for home, name in self.used:
            names.changes.trust(name)
            if home != module and {name, "*"} & names.changes.outside.keys():
                raise UnclearError(self._changed(name, names))

    def use(self, name: str, by: Names) -> None:
        """Take note that what a file binds a name to matters, which another file may change.

        Raises:
            UnclearError: one does.
        """
        if (by.home, name) in self.used:
            return
        self.used[by.home, name] = None
        for names in self.files.values():
            if names is None or names is by:
                continue
            names.changes.trust(name)
            if {name, "*"} & names.changes.outside.keys():
                raise UnclearError(self._changed(name, names))

    def trusted(self) -> Iterator[tuple[str, set[str]]]:
        """Yield the functions that change what was read, if anybody calls them, each with the names."""
        for names in self.files.values():
            yield from names.changes.trusted.items() if names is not None else ()

    def _changed(self, name: str, names: Names) -> str:
        lines = names.changes.outside
        line = lines.get(name) or lines["*"]
        where = f" of {names.home}" if names.label else ""
        return f"`{name}` may change: line {line}{where} assigns to an attribute of that name; leave modules as they are"

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
        own = top_of(path) == top_of(by.home)
        return own or self.is_named(path) or self._lies_beside(path)

    def _lies_beside(self, path: str) -> bool:
        """Return whether what something imports lies beside the function's file, where that may be read unasked."""
        top = top_of(path)
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
        return top_of(module) in map(top_of, self.named)

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

    def starred(self, names: Names, name: str) -> Dotted | None:
        """Return what an import of `*` binds a name to; see there."""
        return starred(self, names, name)


def top_of(path: str) -> str:
    """Return the outermost package, or the module, of a name."""
    return path.partition(".")[0]
