"""A function of a Python file in; what the function returns, as its syntax tree says, ready for evaluation by mpmath, out.

It is written apart from the translation to a program, so that one can be held to the other. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import mpmath

from gradgen.prove.plain import Plain
from gradgen.prove.python.files import Files, bound_in
from gradgen.prove.python_expressions import (
    FileNames,
    Fixed,
    Function,
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
) -> Plain | None:
    """Return a function as its syntax tree says; None where it holds what this knows no meaning of.

    Args:
        helper: the function, at the top of its file.
        inputs: the parameters that are variables, in the order of the points.
        constants: the values of others.
        settled: what those are that are no numbers.
        ignored: the decorators that change nothing, beside those that are known.
    """
    plain = Plain(inputs)
    numbers = Numbers(plain)
    known = FileNames(numbers, helper.names.live, file=helper.names)
    walker = _Walker(numbers, known, ignored)
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
            given[name] = value if isinstance(value, bool) else Fixed(value)
        given = {each: value for each, value in given.items() if each in params}
        result = walker.called(function, given)
        results = result if isinstance(result, tuple) else (result,)
        plain.results = [numbers.place(value) for value in results]
    except (UnknownError, RecursionError, MemoryError):
        return None
    return plain


def plain_constants(names: Names) -> Mapping[str, float]:
    """Return the numbers that names at the top of a file stand for, as far as they are known."""
    plain = Plain()
    numbers = Numbers(plain)
    known = FileNames(numbers, file=names)
    _Walker(numbers, known).module(names.module)
    values = plain.at(())
    found: dict[str, float] = {}
    for name, value in known.bound.items():
        number = values[value.at] if isinstance(value, Place) else value
        if type(number) is int or isinstance(number, mpmath.mpf):
            found[name] = float(number)
    return found


@dataclass
class _Walker(Files):
    """What statements do."""

    forks: int = 0

    def statement(self, node: ast.stmt, scope: Scope) -> None:
        if isinstance(node, ast.Assign):
            value = self.expression(node.value, scope)
            for target in node.targets:
                self.assign(target, value, scope)
        elif isinstance(node, ast.If):
            self.either(node, scope)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports(node, scope)
        elif isinstance(node, ast.Try):
            self.tried(node, scope)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.assign(node.target, self.expression(node.value, scope), scope)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            old = self.named(node.target.id, scope)
            value = self.expression(node.value, scope)
            scope[node.target.id] = self.numbers.operation(node.op, old, value)
        elif isinstance(node, ast.For) and not node.orelse:
            for number in self.turns(node.iter, scope):
                self.assign(node.target, number, scope)
                for inner in node.body:
                    self.statement(inner, scope)
        elif isinstance(node, ast.Pass) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            pass
        else:
            raise UnknownError

    def either(self, node: ast.If, scope: Scope) -> None:
        """Follow both ways of an `if` in which nothing ends; behind it, names have the value of the way that is taken."""
        test = self.condition(self.expression(node.test, scope))
        ways = [node.body, node.orelse]
        if isinstance(test, bool):
            for inner in ways[not test]:
                self.statement(inner, scope)
            return
        one, other = {**scope}, {**scope}
        for way, own in zip(ways, (one, other)):
            for inner in way:
                self.statement(inner, own)
        for name in (*one, *other):
            values = one.get(name), other.get(name)
            if values[0] is not values[1]:
                scope[name] = None
                if None not in values:
                    with contextlib.suppress(UnknownError):
                        scope[name] = self.numbers.chosen(test, *values)
            else:
                scope[name] = values[0]

    def assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            scope[target.id] = value
            return
        if not isinstance(target, (ast.Tuple, ast.List)) or type(value) is not tuple:
            raise UnknownError
        if len(target.elts) != len(value):
            raise UnknownError
        for each, part in zip(target.elts, value):
            if not isinstance(each, ast.Name):
                raise UnknownError
            scope[each.id] = part

    def turns(self, node: ast.expr, scope: Scope) -> Iterator[int]:
        call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if not call or node.func.id != "range" or "range" in {*scope, *self.names.bound}:  # type: ignore[attr-defined]
            raise UnknownError
        if self.names.live is not None and self.names.at_hand("range") is not None:
            raise UnknownError
        found = [self.expression(arg, scope) for arg in node.args]  # type: ignore[attr-defined]
        bounds = [each for each in found if type(each) is int]
        if not 0 < len(bounds) == len(found) < 4:
            raise UnknownError
        for number in range(*bounds):
            self.numbers.turn()
            yield number

    def called(self, function: Function, given: Scope) -> Value:
        """Return what a function returns."""
        node = function.node
        names = [arg.arg for arg in node.args.args]
        scope = {**function.defaults, **given}
        if self.depth >= _DEEPEST or {*scope} != {*names}:
            raise UnknownError
        self.depth += 1
        local = {name for statement in node.body for name in bound_in(statement)}
        # A local name has no value before it is assigned, whatever it is called outside.
        scope = {**dict.fromkeys(sorted(local)), **scope}
        here, self.names = self.names, function.names
        try:
            value = self.ending(node.body, scope)
        finally:
            self.names = here
        self.depth -= 1
        return value

    def ending(self, statements: Sequence[ast.stmt], scope: Scope) -> Value:
        """Return what a function returns from here on: each way of an `if` in which it may end is followed to its own end."""
        for place, node in enumerate(statements):
            rest = [*statements[place + 1 :]]
            if isinstance(node, ast.Return):
                if node.value is None:
                    raise UnknownError
                return self.expression(node.value, scope)
            if isinstance(node, ast.Raise):
                return self.numbers.nothing()
            if isinstance(node, ast.Try) or not _may_end(node):
                self.statement(node, scope)
                continue
            if isinstance(node, ast.For) and not node.orelse:
                turns: list[ast.stmt] = []
                for number in self.turns(node.iter, scope):
                    given = ast.Assign([node.target], ast.Constant(number))
                    turns += [given, *node.body]
                return self.ending([*turns, *rest], scope)
            if isinstance(node, ast.Assert):
                ways: list[list[ast.stmt]] = [rest, [ast.Raise()]]
            elif isinstance(node, ast.If):
                ways = [[*node.body, *rest], [*node.orelse, *rest]]
            else:
                raise UnknownError
            test = self.condition(self.expression(node.test, scope))
            if isinstance(test, bool):
                return self.ending(ways[not test], scope)
            self.forks += 1
            if self.forks > _FORKS:
                raise UnknownError
            one, other = [self.ending(way, {**scope}) for way in ways]
            result: Value = self.numbers.chosen(test, one, other)
            return result
        raise UnknownError  # it gives None


def _may_end(statement: ast.stmt) -> bool:
    """Whether a function may end in a statement."""
    ends = (ast.Return, ast.Raise, ast.Assert)
    return any(isinstance(node, ends) for node in ast.walk(statement))
