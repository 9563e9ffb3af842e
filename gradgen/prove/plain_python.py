"""A function of a Python file in; what the function returns, as its syntax tree says, ready for evaluation by mpmath, out.

It is written apart from the translation to a program, so that one can be held to the other. Nothing is imported or run.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath

from gradgen.prove.plain import Plain
from gradgen.prove.python.files import Files, own_names
from gradgen.prove.python.heap import Array, Dict, List, Local
from gradgen.prove.python.masked import stored
from gradgen.prove.python.sequences import put, taken, through
from gradgen.prove.python.tries import attempt, fails, silenced
from gradgen.prove.python_expressions import (
    FileNames,
    Fixed,
    Function,
    Imported,
    Scope,
    Value,
)
from gradgen.prove.python_numbers import Numbers, Place, UnknownError
from gradgen.read.python.bound import Helper
from gradgen.read.python.scope import Names

_DEEPEST = 30
#: So many ways through a function are followed one by one.
_FORKS = 500


def plain_function(
    helper: Helper,
    inputs: Sequence[str],
    constants: Mapping[str, float],
    settled: Mapping[str, object] | None = None,
    ignored: Collection[str] = (),
    shapes: Mapping[str, Sequence[str]] | None = None,
) -> Plain | None:
    """Return a function as its syntax tree says; None where it holds what this knows no meaning of.

    Args:
        helper: the function, at the top of its file.
        inputs: the parameters that are variables, in the order of the points.
        constants: the values of others.
        settled: what those are that are no numbers.
        ignored: the decorators that change nothing, beside those that are known.
        shapes: the parameters that are sequences, with what the numbers in them are called.
    """
    plain = Plain(inputs)
    numbers = Numbers(plain)
    known = FileNames(numbers, helper.names.live, file=helper.names)
    walker = Walker(numbers, known, ignored=ignored)
    known.table = walker.table
    try:
        if known.live is None:
            walker.module(helper.names.module)
        found = (f for f in known.bound.values() if isinstance(f, Function))
        function = next((f for f in found if f.node is helper.function), None)
        if function is None and helper.defaults is not None:
            function = known.in_hand(helper)
        if function is None:
            return None
        params = [arg.arg for arg in function.node.args.args]
        # What is no variable and has no value is not read, or nothing is known.
        given: Scope = {n: None for n in params if n not in function.defaults}
        given |= {n: numbers.number(v) for n, v in constants.items()}
        given |= {each: Place(place) for place, each in enumerate(inputs)}
        for name, value in (settled or {}).items():
            given[name] = value if isinstance(value, int) else Fixed(value)
        for name, parts in (shapes or {}).items():
            given[name] = _held(parts, given)
        given = {each: value for each, value in given.items() if each in params}
        result = walker.called(function, given)
        plain.results = [numbers.place(value) for value in _values(result)]
    except (UnknownError, RecursionError, MemoryError):
        return None
    return plain


def _values(result: Any) -> list[Any]:
    """Return the values of what is returned, those of all rows one after the other."""
    if isinstance(result, Dict):
        result = (*result.values(),)
    if not isinstance(result, (tuple, List, Array)):
        return [result]
    return [value for row in result for value in _values(row)]


def _held(parts: Sequence[str], given: Mapping[str, Any]) -> Any:
    """Return the sequence, or the dict, whose numbers have these names."""
    keys = getattr(parts, "keys", ())
    if keys:
        return Dict({key: given.get(part) for key, part in zip(keys, parts)})
    return _rows(getattr(parts, "nested", parts), given)


def _rows(parts: Sequence[Any], given: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the sequence whose numbers have these names."""
    return tuple(given.get(p) if isinstance(p, str) else _rows(p, given) for p in parts)


def plain_constants(names: Names) -> Mapping[str, Any]:
    """Return the numbers that names at the top of a file stand for, as far as they are known, and tables of them."""
    plain = Plain()
    numbers = Numbers(plain)
    known = FileNames(numbers, file=names)
    Walker(numbers, known).module(names.module)
    values = plain.at(())
    found = {name: _plainly(value, values) for name, value in known.bound.items()}
    return {name: value for name, value in found.items() if value is not None}


def _plainly(value: Any, values: Sequence[Any]) -> Any:
    """Return a number, a text or a table of these; None for all else."""
    if isinstance(value, dict):
        items = [_plainly(each, values) for each in value.values()]
        return None if None in items else dict(zip(value, items))
    if isinstance(value, (tuple, list)):
        items = [_plainly(each, values) for each in value]
        return None if None in items else items
    if isinstance(value, Fixed):
        return value.value
    number = values[value.at] if isinstance(value, Place) else value
    known = isinstance(number, (int, mpmath.mpf))
    return float(number) if known else None


@dataclass
class Walker(Files):
    """What statements do."""

    forks: int = 0

    def table(self, node: ast.expr) -> Any:
        """Return what a table holds that is written in full; nothing changes it."""
        depth, self.depth = self.depth, 0
        found = self.expression(node, {})
        self.depth = depth
        return found

    def statement(self, node: ast.stmt, scope: Scope) -> None:
        if isinstance(node, (ast.Assign, ast.AugAssign)) and stored(self, node, scope):
            return
        if isinstance(node, ast.Assign):
            value = self.expression(node.value, scope)
            for target in node.targets:
                self.assign(target, value, scope)
        elif isinstance(node, ast.If):
            self.either(node, scope)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports(node, scope)
        elif isinstance(node, ast.Try):
            self.tried(node, scope) if _is_import(node) else attempt(self, node, scope)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.assign(node.target, self.expression(node.value, scope), scope)
        elif isinstance(node, ast.AugAssign):
            self.changed(node, scope)
        elif isinstance(node, (ast.For, ast.While)):
            self.loop(node, scope)
        elif isinstance(node, ast.With):
            self.run_all(silenced(self, node, scope), scope)
        elif isinstance(node, ast.FunctionDef):
            scope[node.name] = self.function(node, scope)
        elif isinstance(node, (ast.Break, ast.Continue)):
            raise _JumpError(isinstance(node, ast.Break))
        elif isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Constant)):  # fmt: skip
            if not _is_printed(self, node.value, scope):
                self.expression(node.value, scope)
        elif not isinstance(node, ast.Pass):
            raise UnknownError

    def run_all(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        for each in statements:
            self.statement(each, scope)

    def either(self, node: ast.If, scope: Scope) -> None:
        """Follow both ways of an `if` in which nothing ends; behind it, all has the value of the way that is taken."""
        test = self.condition(self.expression(node.test, scope))
        if isinstance(test, bool):
            self.run_all(node.body if test else node.orelse, scope)
            return
        try:
            self.heap.fork(test, (lambda: self.run_all(node.body, scope), lambda: self.run_all(node.orelse, scope)))  # fmt: skip
        except _JumpError:
            raise UnknownError from None

    def changed(self, node: ast.AugAssign, scope: Scope) -> None:
        """Do what `+=` does: a list or an array is changed in place."""
        target = node.target
        if isinstance(target, ast.Subscript):
            owner = self.expression(target.value, scope)
            at = self.expression(target.slice, scope)
            if isinstance(owner, Array) and isinstance(at, slice):
                part = Array(owner[at])
                value = self.expression(node.value, scope)
                put(self, owner, at, self.operation(node.op, part, value))
                return
            old = taken(self, owner, at)
            value = self.expression(node.value, scope)
            if not (self.is_plain(old) and self.is_plain(value)):
                raise UnknownError
            put(self, owner, at, self.numbers.operation(node.op, old, value))
            return
        if not isinstance(target, ast.Name):
            raise UnknownError
        old = self.named(target.id, scope)
        value = self.expression(node.value, scope)
        if isinstance(old, (List, Array)):
            self.heap.change(old)
            if isinstance(old, List) and isinstance(node.op, ast.Add):
                old += through(self, value)
                return
            made = self.operation(node.op, old, value)
            if not isinstance(old, Array) or len(made) != len(old) or any(type(each) is not Place for each in old):  # fmt: skip
                raise UnknownError
            old[:] = made
        elif self.is_plain(old) and self.is_plain(value):
            scope[target.id] = self.numbers.operation(node.op, old, value)
        else:
            scope[target.id] = self.operation(node.op, old, value)

    def loop(self, node: ast.For | ast.While, scope: Scope) -> None:
        """Take the turns of a loop in which the function does not end."""
        again = _Again(node, self.items(node, scope))
        while (body := self.turn(again, scope)) is not None:
            if isinstance(body, Place):
                raise UnknownError
            try:
                self.run_all(body, scope)
            except _JumpError as jump:
                if jump.ends:
                    return
            again = again.next
        self.run_all(node.orelse, scope)

    def items(self, node: ast.For | ast.While, scope: Scope) -> Sequence[Value]:
        """Return what a loop goes through; of a list, what it holds now, as the reader refuses one that changes meanwhile."""
        if isinstance(node, ast.While):
            return ()
        return through(self, self.expression(node.iter, scope))

    def turn(self, again: _Again, scope: Scope) -> Sequence[ast.stmt] | Place | None:
        """Return the statements of the next turn; None where there is none, and the test where that is not known."""
        self.numbers.turn()
        if isinstance(again.node, ast.While):
            test = self.condition(self.expression(again.node.test, scope))
            if not isinstance(test, bool):
                return test
            return again.node.body if test else None
        if again.place >= len(again.items):
            return None
        self.assign(again.node.target, again.items[again.place], scope)
        return again.node.body

    def called(self, function: Function, given: Scope) -> Any:
        """Return what a function returns."""
        node = function.node
        names = [arg.arg for arg in node.args.args]
        scope = {**function.defaults, **given}
        if self.depth >= _DEEPEST or {*scope} != {*names}:
            raise UnknownError
        self.depth += 1
        local = {name for statement in node.body for name in own_names(statement)}
        # A local name has no value before it is assigned, whatever it is called outside.
        scope = {**dict.fromkeys(sorted(local)), **scope}
        scope = self.held(Local(scope, function.outer))
        here, self.names = self.names, function.names
        try:
            value = self.ending(node.body, scope)
        finally:
            self.names = here
        self.depth -= 1
        return value

    def ending(self, statements: Sequence[ast.stmt | _Again], scope: Scope) -> Any:
        """Return what a function returns from here on: each way of an `if` in which it may end is followed to its own end."""
        todo = [*reversed(statements)]
        while todo:
            node = todo.pop()
            if isinstance(node, _Again):
                body = self.turn(node, scope)
                if isinstance(body, Place):
                    rest, loop = todo[::-1], node.node
                    return self.ends(body, [*loop.body, node.next, *rest], [*loop.orelse, *rest], scope)  # fmt: skip
                todo += reversed(node.node.orelse if body is None else [*body, node.next])  # fmt: skip
            elif isinstance(node, ast.Return):
                return Fixed(None) if node.value is None else self.expression(node.value, scope)  # fmt: skip
            elif isinstance(node, ast.Raise):
                return self.numbers.nothing()
            elif isinstance(node, (ast.Break, ast.Continue)):
                while not isinstance(todo[-1], _Again):
                    todo.pop()
                if isinstance(node, ast.Break):
                    todo.pop()
            elif _is_import(node) or not (_may_end(node) or _decides(node, todo)):
                self.statement(node, scope)
            elif isinstance(node, ast.With):
                todo += reversed(silenced(self, node, scope))
            elif isinstance(node, ast.Try):
                fallen, rest = fails(self, node, scope), todo[::-1]
                ways = [*node.handlers[0].body], [*node.body, *node.orelse]
                if not isinstance(fallen, bool):
                    return self.ends(fallen, [*ways[0], *rest], [*ways[1], *rest], scope)  # fmt: skip
                todo += reversed(ways[not fallen])
            elif isinstance(node, (ast.For, ast.While)):
                todo.append(_Again(node, self.items(node, scope)))
            elif isinstance(node, (ast.Assert, ast.If)):
                both: list[list[ast.stmt]] = [[], [ast.Raise()]]
                if isinstance(node, ast.If):
                    both = [node.body, node.orelse]
                test = self.condition(self.expression(node.test, scope))
                if not isinstance(test, bool):
                    rest = todo[::-1]
                    return self.ends(test, [*both[0], *rest], [*both[1], *rest], scope)
                todo += reversed(both[not test])
            else:
                raise UnknownError
        return Fixed(None)

    def ends(self, test: Place, one: Sequence[Any], other: Sequence[Any], scope: Scope) -> Any:  # fmt: skip
        """Return what a function returns by one way or the other."""
        self.forks += 1
        if self.forks > _FORKS:
            raise UnknownError
        results = self.heap.fork(test, (lambda: self.ending(one, scope), lambda: self.ending(other, scope)))  # fmt: skip
        return self.heap.chosen(test, *results)


@dataclass(frozen=True)
class _Again:
    """The next turn of a loop: what it goes through, and which of that is next."""

    node: ast.For | ast.While
    items: Sequence[Value]
    place: int = 0

    @property
    def next(self) -> _Again:
        """The turn after it."""
        return _Again(self.node, self.items, self.place + 1)


class _JumpError(Exception):
    """A `break`, which ends a loop, or a `continue`, which ends its turn."""

    def __init__(self, ends: bool) -> None:
        self.ends = ends


def _is_printed(walker: Walker, node: ast.expr, scope: Scope) -> bool:
    """Whether a call prints, and no more."""
    called = node.func if isinstance(node, ast.Call) else None
    if not (isinstance(called, ast.Name) and called.id == "print"):
        return False
    return walker.expression(called, scope) == Imported("builtins", "print")


def _is_import(statement: ast.stmt | _Again) -> bool:
    """Whether a statement is a `try` in which no more than imports is tried."""
    body = statement.body if isinstance(statement, ast.Try) else [ast.Pass()]
    return all(isinstance(each, (ast.Import, ast.ImportFrom)) for each in body)


def _decides(statement: ast.stmt, around: Sequence[ast.stmt | _Again]) -> bool:
    """Whether a statement holds a `while`, or, in one, is an `if` that assigns to what its test reads: each way takes its own turns."""
    if isinstance(statement, (ast.While, ast.If, ast.For)) and any(isinstance(n, ast.While) for n in ast.walk(statement)):  # fmt: skip
        return True
    loops = [each.node for each in around if isinstance(each, _Again)]
    tests = [loop.test for loop in loops if isinstance(loop, ast.While)]
    read = {n.id for test in tests for n in ast.walk(test) if isinstance(n, ast.Name)}
    return isinstance(statement, ast.If) and not read.isdisjoint(own_names(statement))


def _may_end(statement: ast.stmt) -> bool:
    """Whether a function may end in a statement, or a loop around it, or its turn, or by an `if` a loop in it; functions inside it do not count."""
    todo: list[tuple[ast.AST, bool]] = [(statement, False)]
    while todo:
        node, looped = todo.pop()
        if isinstance(node, (ast.Return, ast.Raise, ast.Assert)):
            return True
        if isinstance(node, (ast.Break, ast.Continue)) and not looped:
            return True
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            inside = isinstance(node, (ast.For, ast.While)) or (looped and not isinstance(node, ast.If))  # fmt: skip
            todo += [(child, inside) for child in ast.iter_child_nodes(node)]
    return False
