"""The text of a Python file in; what every name at its top level means out, by Python's own rules and the syntax tree alone."""

from __future__ import annotations

import ast
import builtins
import io
import tokenize
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from gradgen.errors import GradgenError
from gradgen.read.python.bound import (
    Binding,
    Bound,
    Constant,
    Dotted,
    Meaning,
    bound,
)
from gradgen.read.python.changes import Changes, changes_in
from gradgen.read.python.follow.exported import ALWAYS, SOMETIMES
from gradgen.read.python.simpler.first_lines import flatten
from gradgen.read.python.tree import dotted
from gradgen.syntax import parse_python

if TYPE_CHECKING:
    from gradgen.read.python.follow.modules import Modules

#: A larger file is data, or made by a machine.
MAX_FILE = 1_000_000
#: No module holds anything by a longer name.
MAX_PATH = 300
#: What is Python's own where the file binds nothing by that name.
BUILTINS = (
    *("abs", "max", "min", "pow", "float", "int", "round", "range", "isinstance"),
    "staticmethod",
    *("bool", "complex", "str", "list", "tuple", "dict", "set"),
    *("hasattr", "frozenset", "print", "repr", "divmod", "getattr"),
    *("len", "sum", "any", "all", "zip", "enumerate", "reversed", "sorted", "map"),
)
#: What readers take for granted where a file binds nothing by that name: without it, Python would know no such name at all.
_USUAL = {"math": "math", "np": "numpy", "numpy": "numpy"}


class UnclearError(Exception):
    """A name that does not mean one thing for certain; the text says why, and what to do."""


@dataclass
class Names:
    """The names at the top level of a file.

    Attributes:
        text: the file.
        live: of a cell in a notebook, which sees what other cells bound: what a name means at this moment.
        until: of a cell, the statement that is being run.
        label: what the file is called in messages, where it is not the one that was asked for.
        home: the name of its module, where that is known.
        package: whether that is a package.
        modules: the files that it imports from, where they may be read.
        changes: what may change names and modules in ways that no assignment at the top level shows.
        bound: what binds names at the top level.
    """

    text: str
    live: Callable[[str], Meaning | None] | None = None
    until: int = 0
    label: str = ""
    home: str = ""
    package: bool = False
    modules: Modules | None = field(default=None, repr=False, compare=False)
    changes: Changes = field(init=False)
    bound: Bound = field(init=False)
    _followed: dict[ast.expr, Meaning | UnclearError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.text) > MAX_FILE:
            raise GradgenError(
                f"the file has {len(self.text)} characters; at most {MAX_FILE} are read"
            )
        text = self.text.removeprefix("\ufeff")
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.lines = self.text.split("\n")
        try:
            self.module = parse_python(self.text)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise _invalid(error, self.lines) from None
        flatten(self.module)
        self.changes = changes_in(self.module, self.text)
        self.bound = bound(self, self.changes.stored)

    @cached_property
    def functions(self) -> list[str]:
        """The names of the functions at the top level, in order."""
        found = (n.name for n in self.module.body if isinstance(n, ast.FunctionDef))
        return [*dict.fromkeys(found)]

    def fail(self, message: str, node: ast.AST) -> GradgenError:
        """Return an error at a node."""
        line = getattr(node, "lineno", 1)
        shown = self.lines[line - 1].encode()[: getattr(node, "col_offset", 0)]
        text, column = self.lines[line - 1], len(shown.decode())
        return GradgenError(message, text, column, line, self.label)

    def where(self, line: int) -> str:
        """Return a line in words."""
        return f"{self.label}, line {line}" if self.label else f"line {line}"

    def comments(self, node: ast.FunctionDef | ast.expr) -> dict[int, str]:
        """Return the comments in a function or beside a value, by their lines."""
        return _comments(self.lines, node)

    def binds(self, name: str) -> bool:
        """Return whether the file binds a name at its top level, by an import of `*` as well."""
        if name in self.bound.names:
            return True
        return bool(self.bound.stars) and self._starred(name) is not None

    def _starred(self, name: str) -> Dotted | None:
        """Return what an import of `*` binds a name to; None where none does.

        Raises:
            UnclearError: that is not certain.
        """
        if self.modules is not None:
            return self.modules.starred(self, name)
        found: Dotted | None = None
        for _, line, module in self.bound.stars:
            if module != "numpy":
                raise UnclearError(
                    f"what `{name}` means is not certain: line {line} imports `*`; import by name what is used"
                )
            found = of_numpy(name, line)
        return found

    # What names mean.

    def meaning(self, name: str, before: int | None = None) -> Meaning:
        """Return what a name at the top level means.

        Args:
            name: the name.
            before: the statement that reads it; None for the body of a function, which reads it after all statements.

        Raises:
            UnclearError: it does not mean one thing for certain.
        """
        found = self._one(name, before)
        others: list[tuple[Constant, tuple[str, ...]]] = []
        # Another name of something, as in `log = math.log10`, and that of another; none is followed twice.
        while isinstance(found, Constant) and found.value not in self._followed:
            root, attributes = dotted(found.value)
            if root is None:
                break
            others.append((found, attributes))
            try:
                found = self._one(root, found.place)
            except UnclearError as error:
                for constant, _ in others:
                    self._followed[constant.value] = error
                raise
        result: Meaning | UnclearError = found
        if isinstance(found, Constant):
            result = self._followed.get(found.value, found)
        for constant, attributes in reversed(others):
            if attributes and isinstance(result, Dotted):
                result = result.inner(attributes)
                if len(result.path) > MAX_PATH:
                    result = UnclearError(
                        f"`{constant.name}` stands for too long a name"
                    )
            elif attributes and not isinstance(result, UnclearError):
                result = UnclearError(
                    f"`{constant.name}` stands for `{ast.unparse(constant.value)[:60]}`, which is no part of a module"
                )
            self._followed[constant.value] = result
        if isinstance(result, UnclearError):
            raise result
        return self.reached(result, ()) if isinstance(result, Dotted) else result

    def reached(self, found: Dotted, attributes: Sequence[str]) -> Dotted:
        """Return what is reached from a module by attributes.

        Raises:
            UnclearError: the file assigns to such an attribute.
        """
        reached = found.inner(attributes)
        for each in reached.others:
            self.reached(each, ())
        path = reached.path
        if len(path) > MAX_PATH:
            raise UnclearError(f"`{path[:60]}...` is too long a name")
        for part in path.split("."):
            self.changes.trust(part)
            line = self.changes.stored.get(part) or self.changes.stored.get("*")
            if line is not None:
                raise UnclearError(
                    f"`{path}` may change: line {line} assigns to an attribute of that name; leave modules as they are"
                )
        return reached

    def imported(self, name: str, found: Dotted) -> Dotted:
        """Return what an import in a function gives a name to.

        Raises:
            UnclearError: it may change.
        """
        _look(name, self.changes)
        return self.reached(found, ())

    def _one(self, name: str, before: int | None) -> Meaning:
        _look(name, self.changes)
        self.changes.trust(name)
        found = self.bound.names.get(name, [])
        stored, itself = self.changes.stored, self.changes.itself
        assigns = stored.get(name)
        if itself:
            assigns = assigns or stored.get("*") or stored.get("?")
        if assigns and (itself or any(isinstance(b.meaning, Dotted) for b in found)):
            raise UnclearError(
                f"`{name}` may change: line {assigns} assigns to an attribute of that name; leave modules as they are"
            )
        if name in self.changes.named:
            line, how = self.changes.named[name]
            raise UnclearError(
                f"`{name}` may change: line {line} holds {how}; give what changes another name, or make it a parameter"
            )
        star = self.bound.star
        if star is not None and (not found or found[0].place <= star[0]):
            handed = self._starred(name)
            if handed is not None:
                return _only(name, handed, found, star, self.bound.stars[0][0], before)  # fmt: skip
        if not found:
            return self._unbound(name)
        first, meaning = found[0], _or_imported(name, _once(name, found, before), self.changes)  # fmt: skip
        if self.live is None:
            return meaning
        now = self.live(name)
        if now is None or first.place > self.until:
            raise UnclearError(
                f"`{name}` is not bound yet: line {first.line} binds it; move that line up"
            )
        return now

    def _unbound(self, name: str) -> Meaning:
        found = self.live(name) if self.live is not None else None
        if found is not None:
            return found
        return _of_python(name, self.changes)


def _of_python(name: str, changes: Changes) -> Dotted:
    """Return what a name is that the file binds nowhere."""
    if name in changes.imported:
        raise UnclearError(
            f"`{name}` is bound by a call of {changes.imported[name][0].function}(); bind it once at the top level, by an import"
        )
    if changes.unbound is not None:
        raise UnclearError(
            f"what `{name}` means is not certain: `__getattr__` in line {changes.unbound} may bind it; import it by name"
        )
    if name in BUILTINS:
        return Dotted(f"builtins.{name}")
    if name in _USUAL:
        return Dotted(_USUAL[name])
    if hasattr(builtins, name):
        raise UnclearError(f"`{name}` of Python itself is not read")
    raise UnclearError(
        f"`{name}` is neither a parameter nor assigned above, and the file binds it nowhere; define or import it"
    )


def _comments(lines: Sequence[str], node: ast.FunctionDef | ast.expr) -> dict[int, str]:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])
    part = "\n".join(lines[first - 1 : node.end_lineno])
    found = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(part).readline):
            if token.type == tokenize.COMMENT:
                words = " ".join(token.string.lstrip("#").split())
                found[first - 1 + token.start[0]] = words
    except (tokenize.TokenError, SyntaxError):
        pass  # what follows the function's last token on its line may be cut in two
    return found


def _look(name: str, changes: Changes) -> None:
    """Refuse names of a file that may bind any."""
    if changes.anything is not None:
        line, how = changes.anything
        raise UnclearError(
            f"what `{name}` means is not certain, since line {line} ({how}) may bind any name; "
            "leave that out, or move the function to a file without it"
        )


def of_numpy(name: str, line: int) -> Dotted | None:
    """Return what `from numpy import *` binds a name to; None where it does not.

    Raises:
        UnclearError: it does in some versions of numpy.
    """
    own = Dotted(f"numpy.{name}", "numpy")
    if name in ALWAYS:
        return own
    if name not in SOMETIMES:
        return None
    if name in BUILTINS:
        return Dotted(own.path, own.module, (Dotted(f"builtins.{name}"),))
    raise UnclearError(
        f"whether line {line} imports `{name}`, depends on numpy's version; import by name what is used"
    )


def _only(
    name: str,
    handed: Dotted,
    found: Sequence[Binding],
    star: tuple[int, int, str],
    first: int,
    before: int | None,
) -> Dotted:
    """Return what an import of `*` binds a name to, also where imports above the first one do; refuse a name that is bound in another way, or read too early."""
    above = all(isinstance(b.meaning, Dotted) and b.place < first for b in found)
    if found and (not above or handed.others):
        raise UnclearError(
            f"`{name}` is bound more than once, in line {found[0].line} and by `*` of {handed.module}; give each value a name of its own"
        )
    if before is not None and before <= star[0]:
        raise UnclearError(
            f"`{name}` is read before line {star[1]} binds it; move that line up"
        )
    return handed


def _once(name: str, found: Sequence[Binding], before: int | None) -> Meaning:
    """Return what the one plain statement that binds a name binds it to; refuse a name that is bound in another way, or read too early."""
    first, last = found[0], found[-1]
    imported = all(isinstance(b.meaning, Dotted) for b in found)
    same = imported and len({b.meaning for b in found}) == 1
    below = [b.meaning == last.meaning and not b.how for b in found if b.place == last.place]  # fmt: skip
    if imported and not same and before is None and all(below):
        assert last.meaning is not None
        return last.meaning  # an import below others
    if len(found) > 1 and not same:
        raise UnclearError(
            f"`{name}` is bound more than once, in line {first.line} and in line {last.line}; give each value a name of its own"
        )
    if first.meaning is None:
        raise UnclearError(
            f"`{name}` is bound by {first.how} in line {first.line}; "
            "bind it once at the top level, by a plain assignment, an import or a `def`"
        )
    if before is not None and first.place >= before:
        raise UnclearError(
            f"`{name}` is read before line {first.line} binds it; move that line up"
        )
    return first.meaning


def _or_imported(name: str, meaning: Meaning, changes: Changes) -> Meaning:
    """Return what an import binds a name to, or else functions that import it by texts, when they are called."""
    others = changes.imported.get(name, [])
    if not others:
        return meaning
    if not isinstance(meaning, Dotted):
        raise UnclearError(
            f"`{name}` may change: {others[0].function}() imports it; give what it imports another name"
        )
    found = [Dotted(f"{each.module}.{each.inner}", each.module) for each in others]
    rest = dict.fromkeys(each for each in (*meaning.others, *found) if each != meaning)
    return Dotted(meaning.path, meaning.module, (*rest,))


def _invalid(error: Exception, lines: Sequence[str]) -> GradgenError:
    """Return the refusal of a file that Python does not read, with the place that Python names."""
    reason = f"the file is no valid Python: {getattr(error, 'msg', error)}"
    line, column = getattr(error, "lineno", None), getattr(error, "offset", None)
    if not line or line > len(lines):
        return GradgenError(reason)
    place = None if column is None else max(0, min(column - 1, len(lines[line - 1])))
    return GradgenError(reason, lines[line - 1], place, line)
