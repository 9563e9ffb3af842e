"""A constant at the top of a Python file in; a statement of the program that gives it its name out, after those that it is made of."""

from __future__ import annotations

import ast
import contextlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from gradgen.errors import GradgenError
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import RESERVED
from gradgen.read.python.bound import Constant
from gradgen.read.python.draft import Draft
from gradgen.read.python.expression import translate
from gradgen.read.python.follow.modules import MAX_STEPS
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.terms.rows import ATOM, Row, row_of
from gradgen.read.python.terms.tables import Tables, aliases, change_abroad, levels
from gradgen.read.python.terms.value import Among, Value, truth
from gradgen.read.python.values import Scope
from gradgen.read.sympy.table import CALLS


@dataclass
class Constants:
    """The constants that a function reads.

    Attributes:
        draft: the program, to which they are added.
        means: what the user says that imports mean.
        inputs: the function's parameters.
        ignored: the decorators that the user says change nothing.
        called: the formula's own functions and constants that were used.
        values: those at the top of a file that were read, by their expressions.
        lines: their names, each with its line; before the name, what its file is called, as in messages.
        settled: of those that are no numbers, what they are.
        reading: those that are being read.
        files: what is done with the tables of each file.
        edges: what stands for the edge of the domain, by what is said of it.
        numpy: whether something of numpy's or its like was called, whose numbers do not raise as Python's do.
    """

    draft: Draft
    means: Mapping[str, str]
    inputs: Collection[str]
    ignored: Collection[str] = ()
    called: set[str] = field(default_factory=set)
    values: dict[ast.expr, Value] = field(default_factory=dict)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    settled: dict[str, object] = field(default_factory=dict)
    reading: list[ast.expr] = field(default_factory=list)
    files: list[tuple[Names, Tables]] = field(default_factory=list)
    edges: dict[str, Value] = field(default_factory=dict)
    numpy: bool = False

    def circle(self) -> Value:
        """Return the circle's constant; its value, where an input has its name."""
        if "pi" in self.inputs:
            return Value(repr(math.pi))
        self.called.add("pi")
        return Value("pi")

    def edge(self, said: str, idle: bool = False) -> Value:
        """Return what stands for the edge of the domain, which has a line of its own; `idle` where it may be left out."""
        if said not in self.edges:
            self.called.add("sqrt")
            name = self.draft.fresh("invalid")
            value = Value(f"sqrt(-{len(self.edges) + 1})")
            self.draft.add(name, value, said)
            self.edges[said] = Value(name, among=Among("", ()))
            if idle:
                self.draft.in_ways[name] = value
        if not idle:
            self.draft.in_ways.pop(self.edges[said].text, None)
        return self.edges[said]

    def nothing(self) -> Value:
        """Return what stands for None where a number is in another way."""
        return replace(self.edge("the value is None", idle=True), absent=truth(True))

    def spare(self, said: str) -> None:
        """Let what stands for an edge of the domain be left out, unless something reads it."""
        name = self.edges[said].text
        texts = {each: text for each, text, _ in self.draft.items}
        self.draft.in_ways[name] = Value(texts[name])

    def constant(
        self, name: str, found: Constant, scope: Scope, node: ast.AST
    ) -> Value:
        """Return the value of a constant at the top of a file, after those that it is made of."""
        needed: dict[ast.expr, Constant] = {}
        todo = [found]
        while todo:
            each = todo.pop()
            if each.value in self.values or each.value in needed:
                continue
            needed[each.value] = each
            for inner in ast.walk(each.value):
                if isinstance(inner, ast.Name):
                    with contextlib.suppress(UnclearError):
                        of = each.names.meaning(inner.id, each.place)
                        todo += [of] if isinstance(of, Constant) else []
        for each in sorted(needed.values(), key=lambda constant: constant.place):
            value = self.read(name, each, scope, node)
            row = row_of(value)
            fixed = value.truth if value.known is None else value.known.value
            if row is not None:
                value = self.table(each, each.name.lstrip("_") or "table", row)
            elif value.known is not None or value.truth is not None:
                if not each.names.label:
                    shown = f"{each.owner}.{each.name}" if each.owner else each.name
                    self.settled[shown] = fixed
            elif not value.text.isidentifier():  # which is another's name, or pi
                value = self.stated(each, value)
            self.values[each.value] = value
            line = getattr(each.value, "lineno", 0)
            shown = f"{each.owner}.{each.name}" if each.owner else each.name
            self.lines[each.names.label, shown] = line
        if found.names is not scope.names:
            self.check(name, self.values[found.value], scope.names, node)
        return self.values[found.value]

    def read(self, name: str, constant: Constant, scope: Scope, node: ast.AST) -> Value:
        """Return what is assigned to a constant's name."""
        if constant.value in self.reading or len(self.reading) > MAX_STEPS:
            raise scope.fail(f"`{name}` is made of itself, by way of other files", node)
        self.reading.append(constant.value)
        beside = Scope(self, constant.names, before=constant.place)
        try:
            value = translate(constant.value, beside)
            row = row_of(value)
            if constant.owner and row is not None and levels(row):
                raise constant.names.fail(f"who changes the {row.kind} in a class is not certain; write a tuple, or put it at the top of the file", constant.value)  # fmt: skip
            self.check(constant.name, value, constant.names, constant.value)
            self.check_abroad(constant, value)
        except GradgenError as error:
            where = constant.names.where(getattr(constant.value, "lineno", 0))
            raise scope.fail(
                f"`{name}` is no constant, by {where}: {error.said}", node
            ) from None
        self.reading.pop()
        return value

    def check(self, name: str, value: Value, names: Names, node: ast.AST) -> None:
        """Refuse a sequence that a file may change, where it goes by a name there."""
        row = row_of(value)
        if row is None:
            return
        if row.kind == "iterator":
            raise names.fail(f"{row.word} is used where it is made; write tuple(...)", node)  # fmt: skip
        if names.live is not None:
            return
        change = self.tables(names).change(name, row)
        if change:
            raise names.fail(f"{change}; write a tuple, or change a copy", node)

    def check_abroad(self, constant: Constant, value: Value) -> None:
        """Refuse a sequence that another file may change which runs when the function's own is imported."""
        row, own = row_of(value), constant.names
        beyond = own.modules.beyond if own.modules is not None else None
        if row is None or beyond is None or not levels(row):
            return
        todo = aliases(self.tables(own))
        for name in todo:
            for names in beyond.mentioning(name):
                tables = self.tables(names)
                change = change_abroad(tables, name, row) if names is not own else ""
                if change:
                    raise own.fail(f"{change}; write a tuple, or change a copy", constant.value)  # fmt: skip
                todo += [each for each in aliases(tables) if each not in todo]

    def tables(self, names: Names) -> Tables:
        """Return what is done with the tables of a file."""
        found = next((known for of, known in self.files if of is names), None)
        if found is None:
            found = Tables(names)
            self.files.append((names, found))
        return found

    def table(self, constant: Constant, name: str, row: Row) -> Value:
        """Return a sequence of constants; what is worked out in it, such as `1/3`, has a line of its own."""
        items = []
        for place, value in enumerate(row.items):
            inner = row_of(value)
            beside = f"{name}_{place}" if name[-1:].isdigit() else f"{name}{place}"
            if inner is not None:
                value = self.table(constant, beside, inner)
            elif value.is_number and not ATOM.fullmatch(value.text):
                value = self.stated(constant, value, beside)
            items.append(value)
        return replace(row, items=(*items,)).value

    def stated(self, constant: Constant, value: Value, name: str = "") -> Value:
        """Make a constant a statement of the program."""
        here = self.draft.at
        name = name or constant.name.lstrip("_") or "constant"
        row = CALLS.get(name)
        if name in COMPOSITIONS or name in RESERVED or (row and not row.variable):
            name += "_"
        name = self.draft.fresh(name)
        self.draft.go_to(constant.names, constant.value)
        line = getattr(constant.value, "end_lineno", None)
        comment = constant.names.comments(constant.value).get(line, "") if line else ""
        self.draft.add(name, value, comment)
        self.draft.constants.add(name)
        self.draft.at = here
        return Value(name, whole=value.whole, narrow=value.narrow, integral=value.integral)  # fmt: skip
