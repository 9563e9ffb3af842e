"""The name of something imported in; what the file that defines it binds out, by way of all files that hand it on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.bound import Dotted
from gradgen.read.python.follow.beyond import Beyond
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
        beyond: the files that run when the function's own is imported, whether they are read or not.
        texts: those that were found, each with whether it is a package.
    """

    find: Find
    named: Sequence[str] = ()
    beside: bool = False
    files: dict[str, Names | None] = field(default_factory=dict)
    siblings: dict[str, bool] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    used: dict[tuple[str, str], None] = field(default_factory=dict)
    size: int = 0
    beyond: Beyond | None = None
    texts: dict[str, tuple[str, bool] | None] = field(default_factory=dict)

    def add(self, names: Names, module: str, package: bool) -> None:
        """Take a file in."""
        names.home, names.package, names.modules = module, package, self
        if not names.label:
            self.beyond = Beyond(self, names)
        self.files[module] = names
        for home, name in self.used:
            names.changes.trust(name)
            if home != module and {name, "*"} & names.changes.outside.keys():
                raise UnclearError(_changed_in(name, names))

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
                raise UnclearError(_changed_in(name, names))
        self.keep(by.home, name)

    def keep(self, home: str, name: str) -> None:
        """Refuse what a module holds by a name where a file changes it that runs when the function's own is imported.

        Raises:
            UnclearError: one does.
        """
        found = self.beyond.changing(home, name) if self.beyond is not None else None
        own = self.files.get(home)
        function = own.changes.idle.get(name, "") if own is not None else ""
        if own is not None and name in own.changes.imported:
            function = own.changes.imported[name][0].function
        if (
            function
            and self.beyond is not None
            and self.beyond.is_called(function, home)
        ):
            raise UnclearError(
                f"`{name}` may change: {function}() changes it, of which another file speaks; give what changes another name, or make it a parameter"
            )
        if found is not None:
            raise UnclearError(_changed(name, found[1], found[0]))

    def trusted(self) -> Iterator[tuple[str, set[str]]]:
        """Yield the functions that change what was read, if anybody calls them, each with the names."""
        found: dict[str, set[str]] = {}
        read = [names.changes.trusted for names in self.files.values() if names]
        for each in (*read, *([self.beyond.trusted] if self.beyond else ())):
            for function, names in each.items():
                found.setdefault(function, set()).update(names)
        yield from found.items()

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

    def text(self, module: str, by: Names) -> tuple[str, bool] | None:
        """Return the text of a module that may be read, and whether it is a package; None where there is none, or it is one too many."""
        if module in self.texts:
            return self.texts[module]
        known, found = self.files.get(module), None
        size = sum(len(each[0]) for each in self.texts.values() if each)
        if known is not None:
            found = known.text, known.package
        elif len(self.texts) < MAX_FILES and size < MAX_CHARACTERS and self.reads(module, by):  # fmt: skip
            with contextlib.suppress(GradgenError):
                found = self.find(module, self._anywhere(module))
        self.texts[module] = found
        return found

    def starred(self, names: Names, name: str) -> Dotted | None:
        """Return what an import of `*` binds a name to; see there."""
        return starred(self, names, name)


def top_of(path: str) -> str:
    """Return the outermost package, or the module, of a name."""
    return path.partition(".")[0]


def _changed_in(name: str, names: Names) -> str:
    lines = names.changes.outside
    return _changed(name, lines.get(name) or lines["*"], names.label and names.home)


def _changed(name: str, line: int, module: str) -> str:
    """Return why a name may change, by the line of a module that changes it, or of the function's own file."""
    where = f" of {module}" if module else ""
    return f"`{name}` may change: line {line}{where} assigns to an attribute of that name; leave modules as they are"
