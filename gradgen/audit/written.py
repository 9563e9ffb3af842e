"""A file with a derivative in it in, as text; how it writes functions and numbers, and where each of its slopes stands, out."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gradgen.syntax import parse_python

_MODULES = ("math", "numpy", "scipy.special")


@dataclass(frozen=True)
class Spot:
    """Where a slope stands.

    Attributes:
        statement: the statement.
        value: the expression in it that is the slope.
        name: what the statement gives the slope to; empty where it returns it.
    """

    statement: ast.stmt
    value: ast.expr
    name: str = ""


@dataclass(frozen=True)
class Change:
    """A slope in the place of another.

    Attributes:
        spot: where it goes.
        lines: the lines that go before.
        slope: its text.
    """

    spot: Spot
    lines: Sequence[str]
    slope: str


@dataclass(frozen=True)
class Written:
    """A derivative as it is written.

    Attributes:
        text: the file.
        name: the function.
    """

    text: str
    name: str

    @cached_property
    def _module(self) -> ast.Module:
        return parse_python(self.text)

    @cached_property
    def function(self) -> ast.FunctionDef:
        """The function."""
        found = (n for n in self._module.body if isinstance(n, ast.FunctionDef))
        return next(n for n in found if n.name == self.name)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that stand anywhere in the file, so that no new one hides any of them."""
        found = {n.id for n in ast.walk(self._module) if isinstance(n, ast.Name)}
        found |= {n.arg for n in ast.walk(self._module) if isinstance(n, ast.arg)}
        found |= {getattr(n, "name", "") for n in self._module.body}
        return frozenset(found | {*self.bare.values(), *self.prefixes.values()})

    @cached_property
    def top(self) -> frozenset[str]:
        """The names that the file's own statements give values to, once."""
        bound = [
            target.id
            for node in self._module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
        return frozenset(name for name in bound if bound.count(name) == 1)

    # How it writes.

    def _imports(self) -> Iterator[ast.Import | ast.ImportFrom]:
        """Yield the imports at the top of the file, and those of the function."""
        for node in (*self._module.body, *self.function.body):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield node

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """What the file calls modules, each with a dot."""
        found: dict[str, str] = {}
        for node in self._imports():
            for alias in node.names:
                owner = node.module if isinstance(node, ast.ImportFrom) else None
                whole = f"{owner}.{alias.name}" if owner else alias.name
                if whole in _MODULES:
                    said = alias.asname or (alias.name if owner else whole)
                    found.setdefault(whole, f"{said}.")
        return found

    @cached_property
    def bare(self) -> Mapping[str, str]:
        """What the file calls functions that it imports by themselves, by their whole names."""
        return {
            f"{node.module}.{alias.name}": alias.asname or alias.name
            for node in self._imports()
            if isinstance(node, ast.ImportFrom) and node.module in _MODULES
            for alias in node.names
        }

    @cached_property
    def module(self) -> str:
        """Whose functions it calls: those of `math` or of `numpy`."""
        counts = {}
        for name in _MODULES[:2]:
            own = {said for whole, said in self.bare.items() if whole.startswith(f"{name}.")}  # fmt: skip
            root = self.prefixes.get(name, "").rstrip(".")
            nodes = [n for n in ast.walk(self.function) if isinstance(n, ast.Name)]
            used = sum(n.id == root or n.id in own for n in nodes)
            counts[name] = (used, bool(root or own))
        return max(counts, key=lambda name: counts[name])

    @property
    def _own(self) -> str:
        return ast.get_source_segment(self.text, self.function) or ""

    @cached_property
    def close(self) -> tuple[bool, bool]:
        """Whether it writes products, and powers, without blanks."""
        product = len(re.findall(r"\w[*/](?=\w)", self._own))
        spaced = len(re.findall(r" [*/] ", self._own))
        return product > spaced, " ** " not in self._own or "**" in self._own.replace(" ** ", "")  # fmt: skip

    @cached_property
    def whole(self) -> bool:
        """Whether it writes whole numbers without a point, also beside exponents and indices."""
        passed: set[ast.AST] = set()
        for node in ast.walk(self.function):
            if isinstance(node, ast.Subscript):
                passed |= {*ast.walk(node.slice)}
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
                passed.add(node.right)
        found = [n for n in ast.walk(self.function) if isinstance(n, ast.Constant) and n not in passed]  # fmt: skip
        whole = sum(type(n.value) is int for n in found)
        return whole >= sum(isinstance(n.value, float) and n.value.is_integer() for n in found)  # fmt: skip

    # Where slopes stand.

    @cached_property
    def assigned(self) -> Mapping[str, ast.Assign]:
        """The names that are assigned to once, by a statement that is always reached; each with that."""
        bound = [n.id for n in ast.walk(self.function) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]  # fmt: skip
        found = {}
        for node in self.function.body:
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(target, ast.Name) and len(node.targets) == 1:  # type: ignore[attr-defined]
                found[target.id] = node
        params = {arg.arg for arg in self.function.args.args}
        return {n: s for n, s in found.items() if bound.count(n) == 1 and n not in params}  # type: ignore[misc]

    def spots(self) -> Sequence[Spot]:
        """Return where each slope stands, in order; nothing where that cannot be told."""
        last = self.function.body[-1]
        nodes = [n for n in ast.walk(self.function) if isinstance(n, ast.Return)]
        if not isinstance(last, ast.Return) or len(nodes) != 1 or last.value is None:
            return ()
        spots = [self._spot(last, value) for value in _values(last.value)]
        return spots if all(self._is_alone(spot.statement) for spot in spots) else ()

    def _is_alone(self, node: ast.stmt) -> bool:
        """Whether nothing but a comment stands on the lines of a statement beside it."""
        lines = self.text.splitlines()
        first = lines[node.lineno - 1].encode()[: node.col_offset]
        last = lines[(node.end_lineno or 1) - 1].encode()[node.end_col_offset :]
        return not first.strip() and last.strip()[:1] in (b"", b"#")

    def _spot(self, last: ast.Return, value: ast.expr) -> Spot:
        node = self.assigned.get(value.id) if isinstance(value, ast.Name) else None
        if node is None or not isinstance(value, ast.Name):
            return Spot(last, value)
        reads = [n for n in ast.walk(self.function) if isinstance(n, ast.Name) and n.id == value.id]  # fmt: skip
        # What something else reads as well stays what it is.
        return Spot(node, node.value, value.id) if len(reads) == 2 else Spot(last, value)  # fmt: skip

    def before(self, statement: ast.stmt) -> frozenset[str]:
        """Return the names that have their one value where a statement stands."""
        return frozenset(n for n, node in self.assigned.items() if node.lineno < statement.lineno)  # fmt: skip

    # What it is when it is right.

    def corrected(self, changes: Collection[Change]) -> tuple[str, list[str]]:
        """Return the file with other slopes, and the lines that are new there."""
        lines = [line.encode() for line in self.text.splitlines(keepends=True)]
        shown: list[str] = []
        statements = {change.spot.statement for change in changes}
        for statement in sorted(statements, key=lambda node: -node.lineno):
            here = [c for c in changes if c.spot.statement is statement]
            first, end = statement.lineno - 1, statement.end_lineno or statement.lineno
            indent = " " * statement.col_offset
            made = [f"{indent}{line}" for change in here for line in change.lines]
            new = [*made, *self._statement(statement, here).splitlines()]
            shown = [*new, *shown]
            lines[first:end] = [f"{line}\n".encode() for line in new]
        return b"".join(lines).decode(), shown

    def _statement(self, statement: ast.stmt, changes: Sequence[Change]) -> str:
        indent = " " * statement.col_offset
        first, *_ = changes
        if first.spot.name == first.slope:
            return ""
        if first.spot.name:
            return f"{indent}{first.spot.name} = {first.slope}"
        assert isinstance(statement, ast.Return)
        if statement.value is first.spot.value:
            return f"{indent}return {first.slope}"
        rows = self.text.splitlines(keepends=True)
        starts = [0]
        for row in rows:
            starts.append(starts[-1] + len(row.encode()))
        whole = self.text.encode()

        def place(line: int | None, column: int | None) -> int:
            return starts[(line or 1) - 1] + (column or 0)

        begin = starts[statement.lineno - 1]
        ends = place(statement.end_lineno, statement.end_col_offset)
        for change in sorted(changes, key=lambda c: -place(c.spot.value.lineno, c.spot.value.col_offset)):  # fmt: skip
            node = change.spot.value
            here = place(node.lineno, node.col_offset)
            there = place(node.end_lineno, node.end_col_offset)
            whole = whole[:here] + change.slope.encode() + whole[there:]
            ends += len(change.slope.encode()) - (there - here)
        return whole[begin:ends].decode()


def _values(value: ast.expr) -> Iterator[ast.expr]:
    """Yield the slopes that an expression is made of: those of all rows, one after the other."""
    inner = value
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        inner = value.args[0]  # as of np.array
    if not isinstance(inner, (ast.List, ast.Tuple)):
        yield value
        return
    for each in inner.elts:
        if isinstance(each, (ast.List, ast.Tuple)):
            yield from _values(each)
        else:
            yield each
