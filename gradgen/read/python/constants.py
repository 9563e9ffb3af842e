"""A constant at the top of a Python file in; a statement of the program that gives it its name out, after those that it is made of."""

from __future__ import annotations

import ast
import contextlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gradgen.errors import GradgenError
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import RESERVED
from gradgen.read.python.bound import Constant
from gradgen.read.python.draft import Draft
from gradgen.read.python.expression import single
from gradgen.read.python.scope import UnclearError
from gradgen.read.python.terms.value import Value
from gradgen.read.python.values import Scope
from gradgen.read.sympy.table import CALLS


@dataclass
class Constants:
    """The constants that a function reads.

    Attributes:
        draft: the program, to which they are added.
        means: what the user says that imports mean.
        inputs: the function's parameters.
        called: the formula's own functions and constants that were used.
        values: those at the top of a file that were read, by their expressions.
        lines: their names, each with its line.
        settled: of those that are no numbers, what they are.
    """

    draft: Draft
    means: Mapping[str, str]
    inputs: Collection[str]
    called: set[str] = field(default_factory=set)
    values: dict[ast.expr, Value] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    settled: dict[str, object] = field(default_factory=dict)

    def circle(self) -> Value:
        """Return the circle's constant; its value, where an input has its name."""
        if "pi" in self.inputs:
            return Value(repr(math.pi))
        self.called.add("pi")
        return Value("pi")

    def constant(self, name: str, scope: Scope, node: ast.AST) -> Value:
        """Return the value of a constant at the top of a file, after those that it is made of."""
        found = scope.meaning(name, node)
        assert isinstance(found, Constant)
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
            try:
                value = single(each.value, Scope(self, each.names, before=each.place))
            except GradgenError as error:
                line = getattr(each.value, "lineno", 0)
                raise scope.fail(
                    f"`{name}` is no constant, by line {line}: {error.said}", node
                ) from None
            if value.known is not None:
                self.settled[each.name] = value.known.value
            elif value.truth is not None:
                self.settled[each.name] = value.truth
            elif not value.text.isidentifier():  # which is another's name, or pi
                value = self.stated(each, value)
            self.values[each.value] = value
            self.lines[each.name] = getattr(each.value, "lineno", 0)
        return self.values[found.value]

    def stated(self, constant: Constant, value: Value) -> Value:
        """Make a constant a statement of the program."""
        here = self.draft.at
        name = constant.name.lstrip("_") or "constant"
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
        return Value(name, whole=value.whole)
