"""A Python function's statements and what its parameters are in; what it returns out, after the program's statements that it rests on."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from gradgen.read.python.bound import Helper
from gradgen.read.python.constants import Constants
from gradgen.read.python.draft import Draft
from gradgen.read.python.expression import translate
from gradgen.read.python.flow.assign import assign, done
from gradgen.read.python.flow.called import called
from gradgen.read.python.flow.choices import read_choice
from gradgen.read.python.flow.loops import Rest, read_loop
from gradgen.read.python.flow.statements import (
    NOTHING,
    Texts,
    alike,
    goes_on,
    imports,
    is_import,
    is_silent,
    is_warning,
    nothing_of,
    returned,
    returns_of,
    returns_some,
    whole_of,
    within,
    words_of,
)
from gradgen.read.python.flow.ways import (
    End,
    Jump,
    Raised,
    Returned,
    Ways,
    formula,
    settled_or_truths,
)
from gradgen.read.python.simpler.certain import tried
from gradgen.read.python.terms.rows import ATOM, RowError, replaced, row_of
from gradgen.read.python.terms.value import Value, denied, tested
from gradgen.read.python.terms.value import called as known
from gradgen.read.python.values import Scope

#: Published limit: how deep `if`, `for` and `while` stand in each other, in all functions together.
MAX_DEPTH = 60
_TOO_DEEP = f"`if` and `for` stand more than {MAX_DEPTH} deep in each other, in all functions together"


class Body:
    """Reads functions: the one that is asked for, and those that it calls."""

    def __init__(self, helper: Helper, draft: Draft, constants: Constants) -> None:
        self.helper = helper
        self.draft = draft
        self.constants = constants
        self.texts = Texts()
        self.depth = 0
        self.calls = 0
        self.turns = 0
        #: How many `if` and `for` are around, and how many ways of an `if`.
        self.around = 0
        #: The call that is all that the statement which is read does, or gives a value to.
        self.whole: ast.expr | None = None
        #: In a loop, what follows.
        self.rest: Rest | None = None
        self.ways = 0
        #: Where calls in the statement that is being read raise: the condition, and what stands for it.
        self.raising: list[tuple[Value, End]] = []

    def read(
        self,
        helper: Helper,
        values: dict[str, Value],
        prefix: str = "",
        around: Scope | None = None,
    ) -> tuple[End, Returned]:
        """Add a function's statements to the program; return the ends of its ways, and the first that is a `return`.

        Args:
            helper: the function.
            values: what its parameters are.
            prefix: what the names of its own values start with.
            around: of a function in a function, the names around it.
        """
        function, names = helper.function, helper.names
        stars = (function.args.vararg, function.args.kwarg)
        args = [arg.arg for arg in (*function.args.args, *stars) if arg is not None]
        local = frozenset((*args, *self.texts.names_of(function, function.body)))
        scope = Scope(
            self.constants,
            names,
            values,
            local,
            prefix,
            caller=partial(called, self),
            namer=self.named,
            outer=around,
        )
        rest, self.rest = self.rest, None
        ways = self.block(function.body, scope, helper)
        self.rest = rest
        nothing = prefix and not [*returns_of(function)]
        if ways.last is None and (nothing or any(map(returns_some, ways.pairs))):
            none = nothing_of(function)
            ways.go_on(Ways(last=none if prefix else self.edge(NOTHING)))
        if ways.last is None or isinstance(ways.last, Jump):
            message, node = goes_on(function)
            raise names.fail(message, node)
        found = alike(ways.end, function, scope, self.draft.told)
        self.draft.go_to(names, *(each.node for each in found))
        return ways.end, found[0]

    def results(self, end: End, count: int, prefix: str = "") -> list[Value]:
        """Return so many values that a function returns, as formulas."""
        name = partial(self.add, f"{prefix}rest")
        return [
            settled_or_truths(end, place)
            or formula(end, place, name, self.constants.nothing)
            for place in range(count)
        ]

    def add(
        self, name: str, value: Value, said: str = "", of_way: bool = True
    ) -> Value:
        """Give a value a name in the program, which belongs to the way that is read."""
        name = self.draft.fresh(name)
        self.draft.add(name, value, said)
        if self.ways and of_way:
            self.draft.in_ways[name] = value
        return Value(
            name,
            whole=value.whole,
            narrow=value.narrow,
            among=known(value, name),
            absent=value.absent,
            integral=value.integral,
        )

    def named(self, name: str, value: Value, scope: Scope, said: str = "") -> Value:
        """Let a local name stand for a value: a number by a name of the program, a sequence of numbers each by one, all else as it is."""
        if row_of(value) is not None:
            scope.values[name] = self.parts_named(f"{scope.prefix}{name}", value)
        elif not value.is_number or value in self.constants.edges.values() or scope.is_beyond(value):  # fmt: skip
            self.draft.count(value)
            scope.values[name] = value
        else:
            scope.values[name] = self.add(f"{scope.prefix}{name}", value, said)
        return scope.values[name]

    def parts_named(self, name: str, value: Value) -> Value:
        """Give the numbers in a sequence names: `a = [x*y, 2.0]` makes `a0 = x*y`."""
        value = self.draft.cells.read(value)
        row = row_of(value)
        if row is None:
            plain = not value.is_number or ATOM.fullmatch(value.text)
            return value if plain else self.add(name, value)
        if row.kind == "iterator":
            raise RowError(f"{row.word} is used where it is made; write list(...)")
        beside = f"{name}_" if name[-1:].isdigit() else name
        said = [str(k) if str(k).isidentifier() else str(p) for p, k in enumerate(row.keys)]  # fmt: skip
        said = [f"_{each}" for each in said] or [*map(str, range(len(row)))]
        items = (
            *(self.parts_named(f"{beside}{n}", v) for n, v in zip(said, row.items)),
        )
        return replaced(row, items, self.draft.cells.contents)

    # Statements.

    def block(self, body: Sequence[ast.stmt], scope: Scope, helper: Helper) -> Ways:
        """Read statements, up to the one with which all ways end."""
        ways, rest = Ways(), self.rest
        for place, node in enumerate(body):
            if rest is not None:
                behind = partial(self.behind, body[place + 1 :], scope, helper, rest)
                self.rest = replace(rest, turn=behind)
            whole, self.whole = self.whole, whole_of(node)
            try:
                ways.go_on(self.statement(node, scope, helper))
            except RowError as error:
                raise scope.fail(str(error), node) from None
            self.whole = whole
            if ways.last is not None:
                break
        self.rest = rest
        return ways

    def behind(
        self, body: Sequence[ast.stmt], scope: Scope, helper: Helper, rest: Rest
    ) -> Ways:
        """Read what follows in a turn of a loop behind some statement, and what follows behind what that stands in."""
        self.rest = rest
        ways = self.block(body, scope, helper)
        if ways.last is None:
            ways.go_on(rest.turn())
        return ways

    def statement(self, node: ast.stmt, scope: Scope, helper: Helper) -> Ways:
        """Read a statement; return which ways end with it."""
        if isinstance(node, (ast.For, ast.While, ast.If)):
            self.around += 1
            if self.around > MAX_DEPTH:
                raise scope.fail(_TOO_DEEP, node)
            if isinstance(node, ast.If):
                ways = read_choice(self, node, scope, helper)
            else:
                ways = read_loop(self, node, scope, helper)
            self.around -= 1
            return ways
        self.draft.go_to(scope.names, node)
        if isinstance(node, ast.Return):
            values, form = returned(node, scope)
            if form is None and values[0].is_none and not scope.prefix:
                return Ways(self.raised(), self.edge(NOTHING))
            end = Returned((*values,), form, self.texts.comment(node, helper), node)
            return Ways(self.raised(), end)
        if isinstance(node, (ast.Break, ast.Continue)):
            return Ways(last=Jump(isinstance(node, ast.Break), node))
        if isinstance(node, ast.Raise):
            return Ways(last=self.edge(words_of(node)))
        if isinstance(node, ast.Assert):
            test = denied(tested(translate(node.test, scope)))
            if test.truth is None:
                return Ways([*self.raised(), (test, self.edge(words_of(node)))])
            return Ways(self.raised(), self.edge(words_of(node)) if test.truth else None)  # fmt: skip
        if isinstance(node, ast.Try) and not is_import(node):
            return self.block(tried(node, scope), scope, helper)
        if isinstance(node, ast.With):
            return self.block(within(node, scope), scope, helper)
        if is_import(node):
            scope.values |= imports(node, scope)
        elif isinstance(node, ast.FunctionDef):
            scope.values[node.name] = scope.function(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if is_warning(node.value, scope):
                return Ways()
            done(node.value, scope)
        elif not is_silent(node, scope):
            assign(self, node, scope, helper)
        return Ways(self.raised())

    def raised(self) -> list[tuple[Value, End]]:
        """Return where calls in the statement that was read raise."""
        found, self.raising = self.raising, []
        return found

    def edge(self, said: str) -> Raised:
        """Return what stands for the edge of the domain, which has a line of its own."""
        return Raised(self.constants.edge(said))
