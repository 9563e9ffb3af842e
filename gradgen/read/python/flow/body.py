"""A Python function's statements and what its parameters are in; what it returns out, after the program's statements that it rests on."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import partial

from gradgen.read.python.bound import Helper
from gradgen.read.python.constants import Constants
from gradgen.read.python.draft import MAX_STATEMENTS, Draft
from gradgen.read.python.expression import single
from gradgen.read.python.flow.choices import read_choice
from gradgen.read.python.flow.statements import (
    Texts,
    alike,
    assignment,
    check_given,
    goes_on,
    imports,
    is_silent,
    returned,
    several,
    turns,
    words_of,
)
from gradgen.read.python.flow.ways import (
    End,
    Raised,
    Returned,
    Ways,
    edges,
    formula,
    without_edges,
)
from gradgen.read.python.parameters import omitted, parameters
from gradgen.read.python.terms.value import Value, denied, index, tested
from gradgen.read.python.values import Scope

#: Published limits: how deep functions call each other, and how deep `if` and `for` stand in each other in all of them.
MAX_CALLS, MAX_DEPTH = 20, 60
_TOO_MANY = f"functions are called more than {MAX_STATEMENTS} times, all together"
_TOO_FAR = f"functions call each other more than {MAX_CALLS} deep"
_TOO_DEEP = f"`if` and `for` stand more than {MAX_DEPTH} deep in each other, in all functions together"
#: What a call may hand on as it is: a name, or a number.
_ATOM = re.compile(r"[^\W\d]\w*|-?[0-9.]+(?:e[+-]?[0-9]+)?")


class Body:
    """Reads functions: the one that is asked for, and those that it calls."""

    def __init__(self, helper: Helper, draft: Draft, constants: Constants) -> None:
        self.helper = helper
        self.draft = draft
        self.constants = constants
        self.texts = Texts()
        #: What stands for the edge of the domain, by what is said of it.
        self.edges: dict[str, Value] = {}
        self.depth = 0
        self.calls = 0
        self.turns = 0
        #: How many `if` and `for` are around, and how many ways of an `if`.
        self.around = 0
        self.ways = 0
        #: Where calls in the statement that is being read raise: the condition, and what stands for it.
        self.raising: list[tuple[Value, End]] = []

    def read(
        self, helper: Helper, values: dict[str, Value], prefix: str = ""
    ) -> tuple[End, Returned]:
        """Add a function's statements to the program; return the ends of its ways, and the first that is a `return`.

        Args:
            helper: the function.
            values: what its parameters are.
            prefix: what the names of its own values start with.
        """
        function, names = helper.function, helper.names
        args = [arg.arg for arg in function.args.args]
        local = frozenset((*args, *self.texts.names_of(function, function.body)))
        scope = Scope(self.constants, names, values, local, prefix, caller=self.called)
        scope.namer = lambda name, value, node: self.named(name, value, scope)
        ways = self.block(function.body, scope, helper)
        if ways.last is None:
            message, node = goes_on(function)
            raise names.fail(message, node)
        found = alike(ways.end, function, scope, self.draft.told)
        self.draft.go_to(names, *(each.node for each in found))
        return ways.end, found[0]

    def results(self, end: End, count: int, prefix: str = "") -> list[Value]:
        """Return so many values that a function returns, as formulas."""
        name = partial(self.add, f"{prefix}rest")
        return [formula(end, place, name) for place in range(count)]

    def add(
        self, name: str, value: Value, said: str = "", of_way: bool = True
    ) -> Value:
        """Give a value a name in the program, which belongs to the way that is read."""
        name = self.draft.fresh(name)
        self.draft.add(name, value, said)
        if self.ways and of_way:
            self.draft.in_ways[name] = value
        return Value(name)

    def named(self, name: str, value: Value, scope: Scope, said: str = "") -> Value:
        """Let a local name stand for a value: a number by a name of the program, all else as it is."""
        if not value.is_number:
            self.draft.count(value)
            scope.values[name] = value
        else:
            scope.values[name] = self.add(f"{scope.prefix}{name}", value, said)
        return scope.values[name]

    # Statements.

    def block(self, body: Sequence[ast.stmt], scope: Scope, helper: Helper) -> Ways:
        """Read statements, up to the one with which all ways end."""
        ways = Ways()
        for node in body:
            ways.go_on(self.statement(node, scope, helper))
            if ways.last is not None:
                break
        return ways

    def statement(self, node: ast.stmt, scope: Scope, helper: Helper) -> Ways:
        """Read a statement; return which ways end with it."""
        if isinstance(node, (ast.For, ast.If)):
            self.around += 1
            if self.around > MAX_DEPTH:
                raise scope.fail(_TOO_DEEP, node)
            if isinstance(node, ast.If):
                ways = read_choice(self, node, scope, helper)
            else:
                ways = self.loop(node, scope, helper)
            self.around -= 1
            return ways
        self.draft.go_to(scope.names, node)
        if isinstance(node, ast.Return):
            found = returned(node, scope)
            values = found if isinstance(found, list) else [found]
            said = self.texts.comment(node, helper)
            end = Returned((*values,), isinstance(found, list), said, node)
            return Ways(self.raised(), end)
        if isinstance(node, ast.Raise):
            return Ways(last=self.edge(words_of(node)))
        if isinstance(node, ast.Assert):
            test = denied(tested(single(node.test, scope)))
            if test.truth is None:
                return Ways([*self.raised(), (test, self.edge(words_of(node)))])
            return Ways(self.raised(), self.edge(words_of(node)) if test.truth else None)  # fmt: skip
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            scope.values |= imports(node, scope)
        elif not is_silent(node, scope):
            self.assign(node, scope, helper)
        return Ways(self.raised())

    def raised(self) -> list[tuple[Value, End]]:
        """Return where calls in the statement that was read raise."""
        found, self.raising = self.raising, []
        return found

    def loop(self, node: ast.For, scope: Scope, helper: Helper) -> Ways:
        """Read a loop, turn by turn."""
        steps, target = turns(node, scope, MAX_STATEMENTS - self.turns)
        self.turns += len(steps)
        ways = Ways()
        for turn in steps:
            scope.values[target] = index(turn)
            ways.go_on(self.block(node.body, scope, helper))
            if ways.last is not None:
                break
        return ways

    def assign(self, node: ast.stmt, scope: Scope, helper: Helper) -> None:
        targets, value = assignment(node, scope)
        said = self.texts.comment(node, helper)
        unpacked = isinstance(targets[0], (ast.Tuple, ast.List))
        values = several(value, scope) if unpacked else [single(value, scope)]
        for target in targets:
            parts = [target]
            if isinstance(target, (ast.Tuple, ast.List)) and unpacked:
                parts = target.elts
            if len(parts) != len(values):
                raise scope.fail("the two sides are of different lengths", node)
            named = []
            for part, each in zip(parts, values):
                if not isinstance(part, ast.Name):
                    raise scope.fail("only plain names are assigned", part)
                named.append(self.named(part.id, each, scope, said))
            values = named

    def edge(self, said: str) -> Raised:
        """Return what stands for the edge of the domain, which has a line of its own."""
        if said not in self.edges:
            self.constants.called.add("sqrt")
            text = f"sqrt(-{len(self.edges) + 1})"
            self.edges[said] = self.add("invalid", Value(text), said, of_way=False)
        return Raised(self.edges[said])

    # Calls.

    def called(
        self,
        helper: Helper,
        args: list[Value],
        named: Mapping[str, Value],
        node: ast.Call,
        scope: Scope,
        sure: bool,
    ) -> Value | list[Value]:
        """Add the statements of a function that is called; return its value.

        Where Python comes to the call in any case, the function around it ends where this one raises, whatever reads the value.
        """
        self.depth += 1
        self.calls += 1
        if self.calls > MAX_STATEMENTS:
            raise scope.fail(_TOO_MANY, node)
        if self.depth > MAX_CALLS:
            raise scope.fail(_TOO_FAR, node)
        inner = helper is not self.helper
        params = parameters(helper, self.constants.ignored, inner)
        given = {**dict(zip(params, args)), **named}
        for name, value in omitted(helper, given):
            beside = Scope(self.constants, helper.names, before=helper.place)
            given[name] = single(value, beside)
        check_given(helper, params, [*given], len(args), [*named], node, scope)
        prefix = f"{helper.function.name}_"
        values = {}
        for name in params:
            values[name] = given[name]
            if given[name].is_number and not _ATOM.fullmatch(given[name].text):
                values[name] = self.add(f"{prefix}{name}", given[name])
        here, before = self.draft.at, self.raised()
        end, first = self.read(helper, values, prefix)
        self.raising = before
        left = without_edges(end) if sure else None
        if left is not None:
            self.raising += edges(end)
            end = left
        found = self.results(end, len(first.values), prefix)
        result = found if first.several else found[0]
        self.draft.count(result)
        self.draft.at = here
        self.depth -= 1
        return result
