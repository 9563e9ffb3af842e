"""A function of a Python file in; what the function returns, as its syntax tree says, ready for evaluation by mpmath, out.

It is written apart from the translation to a program, so that one can be held to the other. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import mpmath

from gradgen.errors import GradgenError
from gradgen.prove.plain import Plain
from gradgen.prove.python_numbers import Number, Numbers, Place, UnknownError
from gradgen.read.python.bound import Constant, Dotted, Helper, Meaning
from gradgen.read.python.scope import Names, UnclearError

_DEEPEST = 30
#: So many ways through a function are followed one by one.
_FORKS = 500


@dataclass(frozen=True)
class _Imported:
    """A module, or a name of one."""

    module: str
    name: str = ""


@dataclass(frozen=True)
class _Function:
    node: ast.FunctionDef
    defaults: Mapping[str, _Value]


_Value: TypeAlias = "Number | bool | _Imported | _Function | tuple[Any, ...] | None"
_Scope: TypeAlias = "dict[str, _Value]"


def plain_function(
    helper: Helper, inputs: Sequence[str], constants: Mapping[str, float]
) -> Plain | None:
    """Return a function as its syntax tree says; None where it holds what this knows no meaning of.

    Args:
        helper: the function, at the top of its file.
        inputs: the parameters that are variables, in the order of the points.
        constants: the values of others.
    """
    plain = Plain(inputs)
    numbers = Numbers(plain)
    known = _Names(numbers, helper.names.live)
    walker = _Walker(numbers, known)
    try:
        if known.live is None:
            walker.module(helper.names.module)
        found = (f for f in known.bound.values() if isinstance(f, _Function))
        function = next((f for f in found if f.node is helper.function), None)
        if function is None and helper.defaults is not None:
            function = known.in_hand(helper)
        if function is None:
            return None
        given: _Scope = {n: numbers.number(v) for n, v in constants.items()}
        given |= {each: Place(place) for place, each in enumerate(inputs)}
        params = {arg.arg for arg in function.node.args.args}
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
    known = _Names(numbers)
    _Walker(numbers, known).module(names.module)
    values = plain.at(())
    found: dict[str, float] = {}
    for name, value in known.bound.items():
        number = values[value.at] if isinstance(value, Place) else value
        if type(number) is int or isinstance(number, mpmath.mpf):
            found[name] = float(number)
    return found


@dataclass
class _Names:
    """What names mean outside of all functions."""

    numbers: Numbers
    #: What names mean at this moment in a notebook, where cells see each other's.
    live: Callable[[str], Meaning | None] | None = None
    bound: _Scope = field(default_factory=dict)
    #: Whether a star import may have bound any name.
    starred: bool = False

    def meaning(self, name: str) -> _Value:
        """Return what a name means where no function binds it."""
        if name in self.bound:
            value = self.bound[name]
        elif self.live is not None and (now := self.at_hand(name)) is not None:
            value = now
        elif name in _BUILTINS and not self.starred:
            return _Imported("builtins", name)
        else:
            raise UnknownError
        return value

    def at_hand(self, name: str) -> _Value:
        """Return what a name of a notebook means at this moment; None where it means nothing there."""
        assert self.live is not None
        try:
            found = self.live(name)
        except (UnclearError, GradgenError):
            raise UnknownError from None
        if isinstance(found, Constant) and isinstance(found.value, ast.Constant):
            return self.numbers.number(found.value.value)
        if isinstance(found, Helper) and found.names.live is not None:
            return self.in_hand(found)
        if isinstance(found, Dotted):
            module, _, last = found.path.rpartition(".")
            if found.path in _MODULES:
                return _Imported(found.path)
            if module in (*_MODULES, "builtins"):
                return _Imported(module, last)
        if found is not None:
            raise UnknownError
        return None

    def in_hand(self, helper: Helper) -> _Function:
        """Return a function whose defaults are in hand, as far as these are numbers."""
        names = [arg.arg for arg in helper.function.args.args]
        values = helper.defaults or ()
        known = [
            self.numbers.number(value) if type(value) in (int, float) else None
            for value in values
        ]
        return _Function(helper.function, dict(zip(names[len(names) - len(known) :], known)))  # fmt: skip


@dataclass
class _Reader:
    """What expressions are."""

    numbers: Numbers
    names: _Names

    def called(self, function: _Function, given: _Scope) -> _Value:
        """Return what a function returns."""
        raise NotImplementedError

    def named(self, name: str, scope: Mapping[str, _Value]) -> _Value:
        value = scope[name] if name in scope else self.names.meaning(name)
        if value is None:
            raise UnknownError
        return value

    def expression(self, root: ast.expr, scope: _Scope) -> _Value:
        """Return an expression's value. Not recursive: expressions may be deep."""
        todo: list[tuple[ast.expr, int]] = [(root, 0)]
        values: list[_Value] = []
        while todo:
            node, done = todo.pop()
            if isinstance(node, ast.IfExp) and done == 1:
                test = values[-1] = self.numbers.condition(values[-1])
                if isinstance(test, bool):  # and nothing asks what else there is
                    values.pop()
                    todo.append((node.body if test else node.orelse, 0))
                    continue
            parts = _parts(node)
            by_one = isinstance(node, ast.BoolOp) or (isinstance(node, ast.IfExp) and not done)  # fmt: skip
            ended = isinstance(node, ast.BoolOp) and done and values[-1] is isinstance(node.op, ast.Or)  # fmt: skip
            count = min(done + 1, len(parts)) if by_one else len(parts)
            if done < count and not ended:
                todo.append((node, count))
                todo += [(part, 0) for part in reversed(parts[done:count])]
                continue
            operands = values[len(values) - done :] if done else []
            del values[len(values) - done :]
            values.append(self.combined(node, operands, scope))
        return values[0]

    def combined(self, node: ast.expr, operands: list[_Value], scope: _Scope) -> _Value:
        if isinstance(node, ast.Constant):
            if type(node.value) is bool:
                return node.value
            if type(node.value) in (int, float):
                return self.numbers.number(node.value)
            raise UnknownError
        if isinstance(node, ast.Name):
            return self.constant(self.named(node.id, scope))
        if isinstance(node, ast.NamedExpr):
            scope[node.target.id] = operands[0]
            return operands[0]
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(operands)
        if isinstance(node, ast.BinOp):
            return self.numbers.operation(node.op, *operands)
        if isinstance(node, ast.UnaryOp):
            return self.numbers.sign(node.op, operands[0])
        if isinstance(node, ast.BoolOp):
            return self.numbers.joined(node.op, operands)
        if isinstance(node, ast.Compare):
            return self.numbers.comparison(node.ops, operands)
        if isinstance(node, ast.IfExp):
            return self.numbers.choice(*operands)
        if isinstance(node, ast.Attribute):
            owner = operands[0]
            if isinstance(owner, _Imported) and not owner.name:
                return self.constant(_Imported(owner.module, node.attr))
            raise UnknownError
        if isinstance(node, ast.Call):
            return self.call(node, operands)
        raise UnknownError

    def constant(self, value: _Value) -> _Value:
        """Return a constant of a module as a number, and all else as it is."""
        if isinstance(value, _Imported):
            return self.numbers.constant(value.name) or value
        return value

    def call(self, node: ast.Call, operands: list[_Value]) -> _Value:
        function, *args = operands
        count = len(node.args)
        names = [keyword.arg for keyword in node.keywords]
        if isinstance(function, _Function):
            params = [arg.arg for arg in function.node.args.args]
            if count > len(params) or None in names:
                raise UnknownError
            given = dict(zip(params, args[:count]))
            for name, value in zip(names, args[count:]):
                if name in given or name is None:
                    raise UnknownError
                given[name] = value
            return self.called(function, given)
        if not isinstance(function, _Imported) or names:
            raise UnknownError
        if function.name in ("array", "asarray") and count == 1:
            if type(args[0]) is tuple:
                return args[0]
            raise UnknownError
        return self.numbers.call(function.name, args)


@dataclass
class _Walker(_Reader):
    """What statements do."""

    depth: int = 0
    forks: int = 0

    def module(self, module: ast.Module) -> None:
        """Run what stands at the top of the file, as far as it has a meaning here; other names have none."""
        for statement in module.body:
            try:
                self.top(statement)
            except UnknownError:
                self.depth = 0
                self.names.bound |= dict.fromkeys(_bound(statement))

    def top(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef):
            args = node.args
            names = [arg.arg for arg in args.args]
            plain = not (args.posonlyargs or args.kwonlyargs or args.vararg)
            if args.kwarg or not plain or not _own_decorators(node):
                raise UnknownError
            values = [self.expression(d, {}) for d in args.defaults]
            first = len(names) - len(values)
            self.names.bound[node.name] = _Function(
                node, dict(zip(names[first:], values))
            )
        elif isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                known = alias.name in _MODULES
                self.names.bound[bound] = _Imported(alias.name) if known else None
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self.names.starred |= alias.name == "*"
                known = node.module in _MODULES and not node.level
                value = _Imported(str(node.module), alias.name) if known else None
                self.names.bound[alias.asname or alias.name] = value
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self.statement(node, self.names.bound)
        elif not isinstance(node, ast.Expr):
            raise UnknownError

    def statement(self, node: ast.stmt, scope: _Scope) -> None:
        if isinstance(node, ast.Assign):
            value = self.expression(node.value, scope)
            for target in node.targets:
                self.assign(target, value, scope)
        elif isinstance(node, ast.If):
            self.either(node, scope)
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

    def either(self, node: ast.If, scope: _Scope) -> None:
        """Follow both ways of an `if` in which nothing ends; behind it, names have the value of the way that is taken."""
        test = self.numbers.condition(self.expression(node.test, scope))
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

    def assign(self, target: ast.expr, value: _Value, scope: _Scope) -> None:
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

    def turns(self, node: ast.expr, scope: _Scope) -> Iterator[int]:
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

    def called(self, function: _Function, given: _Scope) -> _Value:
        """Return what a function returns."""
        node = function.node
        names = [arg.arg for arg in node.args.args]
        scope = {**function.defaults, **given}
        if self.depth >= _DEEPEST or {*scope} != {*names}:
            raise UnknownError
        self.depth += 1
        local = {name for statement in node.body for name in _bound(statement)}
        # A local name has no value before it is assigned, whatever it is called outside.
        scope = {**dict.fromkeys(sorted(local)), **scope}
        value = self.ending(node.body, scope)
        self.depth -= 1
        return value

    def ending(self, statements: Sequence[ast.stmt], scope: _Scope) -> _Value:
        """Return what a function returns from here on: each way of an `if` in which it may end is followed to its own end."""
        for place, node in enumerate(statements):
            rest = [*statements[place + 1 :]]
            if isinstance(node, ast.Return):
                if node.value is None:
                    raise UnknownError
                return self.expression(node.value, scope)
            if isinstance(node, ast.Raise):
                return self.numbers.nothing()
            if not _may_end(node):
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
            test = self.numbers.condition(self.expression(node.test, scope))
            if isinstance(test, bool):
                return self.ending(ways[not test], scope)
            self.forks += 1
            if self.forks > _FORKS:
                raise UnknownError
            one, other = [self.ending(way, {**scope}) for way in ways]
            result: _Value = self.numbers.chosen(test, one, other)
            return result
        raise UnknownError  # it gives None


def _bound(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement may bind."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]


def _may_end(statement: ast.stmt) -> bool:
    """Whether a function may end in a statement."""
    ends = (ast.Return, ast.Raise, ast.Assert)
    return any(isinstance(node, ends) for node in ast.walk(statement))


def _own_decorators(node: ast.FunctionDef) -> bool:
    """Whether the decorators of a function, if any, are gradgen's."""
    for decorator in node.decorator_list:
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = made.attr if isinstance(made, ast.Attribute) else getattr(made, "id", "")
        if name != "differentiate":
            return False
    return True


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    """Return the expressions that an expression is made of, in the order of their evaluation."""
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.UnaryOp):
        return (node.operand,)
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Compare):
        return (node.left, *node.comparators)
    if isinstance(node, ast.IfExp):
        return node.test, node.body, node.orelse
    if isinstance(node, ast.Call):
        return (node.func, *node.args, *(keyword.value for keyword in node.keywords))
    if isinstance(node, (ast.Attribute, ast.NamedExpr)):
        return (node.value,)
    return node.elts if isinstance(node, (ast.Tuple, ast.List)) else ()


_MODULES = ("math", "numpy")
_BUILTINS = ("abs", "max", "min", "pow", "float")
