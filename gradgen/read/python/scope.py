"""The text of a Python file in; what every name at its top level means out, by Python's own rules and the syntax tree alone."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.changes import Changes, changes_in
from gradgen.read.python.tree import bindings, dotted
from gradgen.syntax import parse_python

#: A larger file is data, or made by a machine.
MAX_FILE = 1_000_000
#: No module holds anything by a longer name.
MAX_PATH = 300
#: What is Python's own where the file binds nothing by that name.
BUILTINS = ("abs", "max", "min", "pow", "float", "int", "round", "range")
#: What readers take for granted where a file binds nothing by that name: without it, Python would know no such name at all.
_USUAL = {"math": "math", "np": "numpy", "numpy": "numpy"}
#: All that `from math import *` binds, in any version of Python.
_OF_MATH = frozenset("""
    acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs
    factorial floor fma fmax fmin fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isnormal isqrt
    issubnormal lcm ldexp lgamma log log10 log1p log2 modf nan nextafter perm pi pow prod radians remainder signbit sin
    sinh sqrt sumprod tan tanh tau trunc ulp
    """.split())  # noqa: SIM905 # fmt: skip


class UnclearError(Exception):
    """A name that does not mean one thing for certain; the text says why, and what to do."""


@dataclass(frozen=True)
class Dotted:
    """A module, or something in one, by the whole name that Python imports it by."""

    path: str


@dataclass(frozen=True)
class Constant:
    """A value to which one plain assignment gives a name."""

    name: str
    value: ast.expr
    names: Names
    place: int


@dataclass(frozen=True)
class Helper:
    """A function of the file's own; its defaults where they are in hand, or else as the text says them."""

    function: ast.FunctionDef
    names: Names
    place: int = 0
    defaults: tuple[Any, ...] | None = None


Meaning: TypeAlias = "Dotted | Constant | Helper"


@dataclass(frozen=True)
class _Binding:
    line: int
    how: str
    place: int
    meaning: Meaning | None


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


@dataclass
class Names:
    """The names at the top level of a file.

    Attributes:
        text: the file.
        live: of a cell in a notebook, which sees what other cells bound: what a name means at this moment.
        until: of a cell, the statement that is being run.
        star: the last import of `*`, which may bind any name that is not bound below it: the statement, and the line.
        changes: what may change names and modules in ways that no assignment at the top level shows.
        bound: all else that binds names, in order.
    """

    text: str
    live: Callable[[str], Meaning | None] | None = None
    until: int = 0
    star: tuple[int, int] | None = None
    changes: Changes = field(default_factory=Changes)
    bound: dict[str, list[_Binding]] = field(default_factory=dict)
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
            raise GradgenError(
                f"the file is no valid Python: {getattr(error, 'msg', error)}"
            ) from None
        self.changes = changes_in(self.module)
        for place, statement in enumerate(self.module.body):
            self._bind(statement, place)

    @cached_property
    def functions(self) -> list[str]:
        """The names of the functions at the top level, in order."""
        found = (n.name for n in self.module.body if isinstance(n, ast.FunctionDef))
        return [*dict.fromkeys(found)]

    def fail(self, message: str, node: ast.AST) -> GradgenError:
        """Return an error at a node."""
        line = getattr(node, "lineno", 1)
        shown = self.lines[line - 1].encode()[: getattr(node, "col_offset", 0)]
        return GradgenError(
            f"line {line}: {message}", self.lines[line - 1], len(shown.decode())
        )

    def comments(self, function: ast.FunctionDef) -> dict[int, str]:
        """Return the comments in a function, by their lines."""
        first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
        part = "\n".join(self.lines[first - 1 : function.end_lineno])
        found = {}
        try:
            for token in tokenize.generate_tokens(io.StringIO(part).readline):
                if token.type == tokenize.COMMENT:
                    words = " ".join(token.string.lstrip("#").split())
                    found[first - 1 + token.start[0]] = words
        except (tokenize.TokenError, SyntaxError):
            pass  # what follows the function's last token on its line may be cut in two
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
                result = Dotted(".".join((result.path, *attributes)))
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
        path = ".".join((found.path, *attributes))
        if len(path) > MAX_PATH:
            raise UnclearError(f"`{path[:60]}...` is too long a name")
        for part in path.split("."):
            line = self.changes.stored.get(part) or self.changes.stored.get("*")
            if line is not None:
                raise UnclearError(
                    f"`{path}` may change: line {line} assigns to an attribute of that name; leave modules as they are"
                )
        return Dotted(path)

    def _one(self, name: str, before: int | None) -> Meaning:
        found = self.bound.get(name, [])
        stored, itself = self.changes.stored, self.changes.itself
        if self.changes.anything is not None:
            line, how = self.changes.anything
            raise UnclearError(
                f"what `{name}` means is not certain, since line {line} ({how}) may bind any name; "
                "leave that out, or move the function to a file without it"
            )
        assigns = stored.get(name)
        if itself:
            assigns = assigns or stored.get("*") or stored.get("?")
        if assigns and (itself or any(isinstance(b.meaning, Dotted) for b in found)):
            raise UnclearError(
                f"`{name}` may change: line {assigns} assigns to an attribute of that name; leave modules as they are"
            )
        if self.star is not None and (not found or found[0].place <= self.star[0]):
            raise UnclearError(
                f"what `{name}` means is not certain: line {self.star[1]} imports `*`; import by name what is used"
            )
        if name in self.changes.named:
            line, how = self.changes.named[name]
            raise UnclearError(
                f"`{name}` may change: line {line} holds {how}; give what changes another name, or make it a parameter"
            )
        if not found:
            return self._unbound(name)
        first, last = found[0], found[-1]
        same = all(isinstance(b.meaning, Dotted) for b in found)
        if len(found) > 1 and not (same and len({b.meaning for b in found}) == 1):
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
        if self.live is None:
            return first.meaning
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
        if name in BUILTINS:
            return Dotted(f"builtins.{name}")
        if name in _USUAL:
            return Dotted(_USUAL[name])
        raise UnclearError(
            f"`{name}` is neither a parameter nor assigned above, and the file binds it nowhere; define or import it"
        )

    # What statements bind.

    def _bind(self, node: ast.stmt, place: int) -> None:
        plain = self._plain(node, place)
        for name, line, meaning in plain:
            self._add(name, _Binding(line, "", place, meaning))
        known = Counter(name for name, _, _ in plain)
        for name, line in bindings([node]):
            if name == "*":
                self._star(node, line, place)
            elif known[name]:
                known[name] -= 1
            else:
                how = _HOW.get(type(node), "more than a plain statement")
                self._add(name, _Binding(line, how, place, None))

    def _add(self, name: str, binding: _Binding) -> None:
        self.bound.setdefault(name, []).append(binding)

    def _star(self, node: ast.stmt, line: int, place: int) -> None:
        if isinstance(node, ast.ImportFrom) and (node.module, node.level) == (
            "math",
            0,
        ):
            # What the file puts into the module comes back by the star.
            for name in sorted({*_OF_MATH, *self.changes.stored}):
                self._add(name, _Binding(line, "", place, Dotted(f"math.{name}")))
        else:
            self.star = (place, line)

    def _plain(
        self, node: ast.stmt, place: int
    ) -> list[tuple[str, int, Meaning | None]]:
        """Return what a plain assignment, import or `def` binds, with the line."""
        found: list[tuple[str, int, Meaning | None]] = []
        line = node.lineno
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.split(".")[0]
                found.append((alias.asname or path, line, Dotted(path)))
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                dot = "" if module.endswith(".") else "."
                meant = Dotted(f"{module}{dot}{alias.name}")
                if alias.name != "*":
                    found.append((alias.asname or alias.name, line, meant))
        elif isinstance(node, ast.FunctionDef):
            found.append((node.name, line, Helper(node, self, place)))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for one, value in _pairs(target, node.value):
                    named = Constant(one.id, value, self, place) if value else None
                    found.append((one.id, line, named))
        return found


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
