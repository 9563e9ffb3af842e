"""A function of a Python file in; what the function returns, as its syntax tree says, ready for evaluation by mpmath, out.

It is written apart from the translation to a program, so that one can be held to the other. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import mpmath

from gradgen.errors import GradgenError
from gradgen.prove.exact import all_of, any_of
from gradgen.prove.plain import Plain, equal, unequal
from gradgen.read.python.bound import Constant, Dotted, Helper, Meaning
from gradgen.read.python.scope import Names, UnclearError

#: More operations than any function that is read has.
_MOST = 200_000
_DEEPEST = 30
_LARGEST = 10**300


class _UnknownError(Exception):
    """The tree holds what this knows no meaning of."""


@dataclass(frozen=True)
class _Place:
    """A number that is not known before the function runs, or that is no whole number."""

    at: int
    truth: bool = False


@dataclass(frozen=True)
class _Imported:
    """A module, or a name of one."""

    module: str
    name: str = ""


@dataclass(frozen=True)
class _Function:
    node: ast.FunctionDef
    defaults: Mapping[str, _Value]


_Value: TypeAlias = "int | _Place | _Imported | _Function | tuple[Any, ...] | None"
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
    walker = _Walker(Plain(inputs), live=helper.names.live)
    try:
        if walker.live is None:
            walker.module(helper.names.module)
        known = walker.globals.values()
        found = (f for f in known if isinstance(f, _Function))
        function = next((f for f in found if f.node is helper.function), None)
        if function is None and helper.defaults is not None:
            function = walker.in_hand(helper)
        if function is None:
            return None
        given: _Scope = {n: walker.number(v) for n, v in constants.items()}
        given |= {each: _Place(place) for place, each in enumerate(inputs)}
        params = {arg.arg for arg in function.node.args.args}
        given = {each: value for each, value in given.items() if each in params}
        result = walker.called(function, given)
        results = result if isinstance(result, tuple) else (result,)
        walker.plain.results = [walker.place(value) for value in results]
    except (_UnknownError, RecursionError, MemoryError):
        return None
    return walker.plain


def plain_constants(names: Names) -> Mapping[str, float]:
    """Return the numbers that names at the top of a file stand for, as far as they are known."""
    walker = _Walker(Plain(()))
    walker.module(names.module)
    values = walker.plain.at(())
    found: dict[str, float] = {}
    for name, value in walker.globals.items():
        number = values[value.at] if isinstance(value, _Place) else value
        if isinstance(number, (int, mpmath.mpf)):
            found[name] = float(number)
    return found


@dataclass
class _Walker:
    plain: Plain
    globals: _Scope = field(default_factory=dict)
    #: What names mean at this moment in a notebook, where cells see each other's.
    live: Callable[[str], Meaning | None] | None = None
    depth: int = 0
    steps: int = 0
    #: Whether a star import may have bound any name.
    starred: bool = False

    # Numbers.

    def number(self, value: float) -> _Value:
        if type(value) is int and abs(value) < _LARGEST:
            return value
        if type(value) is not float:
            raise _UnknownError
        exact = value.is_integer()
        return _Place(self.plain.literal(lambda: mpmath.mpf(value), exact))

    def place(self, value: _Value) -> int:
        """Return where a number stands."""
        if type(value) is int:
            return self.plain.literal(lambda: mpmath.mpf(value), True)
        if not isinstance(value, _Place) or value.truth:
            raise _UnknownError
        return value.at

    def truth(self, value: _Value) -> int:
        """Return where a truth value stands."""
        if not isinstance(value, _Place) or not value.truth:
            raise _UnknownError
        return value.at

    def step(
        self, meaning: Callable[..., Any], *operands: int, truth: bool = False
    ) -> _Place:
        self.steps += 1
        if self.steps > _MOST:
            raise _UnknownError
        return _Place(self.plain.step(meaning, operands), truth)

    # Statements.

    def module(self, module: ast.Module) -> None:
        """Run what stands at the top of the file, as far as it has a meaning here; other names have none."""
        for statement in module.body:
            try:
                self.top(statement)
            except _UnknownError:
                self.depth = 0
                self.globals |= dict.fromkeys(_bound(statement))

    def top(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef):
            args = node.args
            names = [arg.arg for arg in args.args]
            plain = not (args.posonlyargs or args.kwonlyargs or args.vararg)
            if args.kwarg or not plain or not _own_decorators(node):
                raise _UnknownError
            values = [self.expression(d, {}) for d in args.defaults]
            first = len(names) - len(values)
            self.globals[node.name] = _Function(node, dict(zip(names[first:], values)))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                known = alias.name in _MODULES
                self.globals[bound] = _Imported(alias.name) if known else None
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self.starred |= alias.name == "*"
                known = node.module in _MODULES and not node.level
                value = _Imported(str(node.module), alias.name) if known else None
                self.globals[alias.asname or alias.name] = value
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self.statement(node, self.globals)
        elif not isinstance(node, ast.Expr):
            raise _UnknownError

    def statement(self, node: ast.stmt, scope: _Scope) -> None:
        if isinstance(node, ast.Assign):
            value = self.expression(node.value, scope)
            for target in node.targets:
                self.assign(target, value, scope)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.assign(node.target, self.expression(node.value, scope), scope)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            old = self.named(node.target.id, scope)
            value = self.expression(node.value, scope)
            scope[node.target.id] = self.operation(node.op, old, value)
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
            raise _UnknownError

    def assign(self, target: ast.expr, value: _Value, scope: _Scope) -> None:
        if isinstance(target, ast.Name):
            scope[target.id] = value
            return
        if not isinstance(target, (ast.Tuple, ast.List)) or type(value) is not tuple:
            raise _UnknownError
        if len(target.elts) != len(value):
            raise _UnknownError
        for each, part in zip(target.elts, value):
            if not isinstance(each, ast.Name):
                raise _UnknownError
            scope[each.id] = part

    def turns(self, node: ast.expr, scope: _Scope) -> Iterator[int]:
        call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if not call or node.func.id != "range" or "range" in {*scope, *self.globals}:  # type: ignore[attr-defined]
            raise _UnknownError
        if self.live is not None and self.at_hand("range") is not None:
            raise _UnknownError
        bounds = [self.expression(arg, scope) for arg in node.args]  # type: ignore[attr-defined]
        if not 0 < len(bounds) < 4 or not all(type(b) is int for b in bounds):
            raise _UnknownError
        for number in range(*bounds):  # type: ignore[arg-type]
            self.steps += 1
            if self.steps > _MOST:
                raise _UnknownError
            yield number

    def called(self, function: _Function, given: _Scope) -> _Value:
        """Return what a function returns."""
        node = function.node
        names = [arg.arg for arg in node.args.args]
        scope = {**function.defaults, **given}
        if self.depth >= _DEEPEST or {*scope} != {*names}:
            raise _UnknownError
        self.depth += 1
        *statements, last = node.body
        local = {name for statement in node.body for name in _bound(statement)}
        # A local name has no value before it is assigned, whatever it is called outside.
        scope = {**dict.fromkeys(sorted(local)), **scope}
        for statement in statements:
            self.statement(statement, scope)
        if not isinstance(last, ast.Return) or last.value is None:
            raise _UnknownError
        value = self.expression(last.value, scope)
        self.depth -= 1
        return value

    # Expressions.

    def named(self, name: str, scope: Mapping[str, _Value]) -> _Value:
        if name in scope:
            value = scope[name]
        elif name in self.globals:
            value = self.globals[name]
        elif self.live is not None and (now := self.at_hand(name)) is not None:
            value = now
        elif name in _BUILTINS and not self.starred:
            return _Imported("builtins", name)
        else:
            raise _UnknownError
        if value is None:
            raise _UnknownError
        return value

    def at_hand(self, name: str) -> _Value:
        """Return what a name of a notebook means at this moment; None where it means nothing there."""
        assert self.live is not None
        try:
            found = self.live(name)
        except (UnclearError, GradgenError):
            raise _UnknownError from None
        if isinstance(found, Constant) and isinstance(found.value, ast.Constant):
            return self.number(found.value.value)  # type: ignore[arg-type]
        if isinstance(found, Helper) and found.names.live is not None:
            return self.in_hand(found)
        if isinstance(found, Dotted):
            module, _, last = found.path.rpartition(".")
            if found.path in _MODULES:
                return _Imported(found.path)
            if module in (*_MODULES, "builtins"):
                return _Imported(module, last)
        if found is not None:
            raise _UnknownError
        return None

    def in_hand(self, helper: Helper) -> _Function:
        """Return a function whose defaults are in hand, as far as these are numbers."""
        names = [arg.arg for arg in helper.function.args.args]
        values = helper.defaults or ()
        known = [
            self.number(value) if type(value) in (int, float) else None
            for value in values
        ]
        return _Function(helper.function, dict(zip(names[len(names) - len(known) :], known)))  # fmt: skip

    def expression(self, root: ast.expr, scope: Mapping[str, _Value]) -> _Value:
        """Return an expression's value. Not recursive: expressions may be deep."""
        todo: list[tuple[ast.expr, bool]] = [(root, False)]
        values: list[_Value] = []
        while todo:
            node, ready = todo.pop()
            parts = _parts(node)
            if not ready:
                todo.append((node, True))
                todo += [(part, False) for part in reversed(parts)]
                continue
            operands = values[len(values) - len(parts) :]
            del values[len(values) - len(parts) :]
            values.append(self.combined(node, operands, scope))
        return values[0]

    def combined(
        self, node: ast.expr, operands: list[_Value], scope: Mapping[str, _Value]
    ) -> _Value:
        if isinstance(node, ast.Constant):
            if type(node.value) in (int, float):
                return self.number(node.value)  # type: ignore[arg-type]
            raise _UnknownError
        if isinstance(node, ast.Name):
            return self.constant(self.named(node.id, scope))
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(operands)
        if isinstance(node, ast.BinOp):
            return self.operation(node.op, *operands)
        if isinstance(node, ast.UnaryOp):
            return self.sign(node.op, operands[0])
        if isinstance(node, ast.BoolOp):
            meaning = all_of if isinstance(node.op, ast.And) else any_of
            return self.step(meaning, *map(self.truth, operands), truth=True)
        if isinstance(node, ast.Compare):
            found = [
                self.step(_COMPARISONS[type(op)], self.place(a), self.place(b), truth=True)
                for op, a, b in zip(node.ops, operands, operands[1:])
                if type(op) in _COMPARISONS
            ]  # fmt: skip
            if len(found) < len(node.ops):
                raise _UnknownError
            if len(found) == 1:
                return found[0]
            return self.step(all_of, *(each.at for each in found), truth=True)
        if isinstance(node, ast.IfExp):
            return self.choice(*operands)
        if isinstance(node, ast.Attribute):
            owner = operands[0]
            if isinstance(owner, _Imported) and not owner.name:
                return self.constant(_Imported(owner.module, node.attr))
            raise _UnknownError
        if isinstance(node, ast.Call):
            return self.call(node, operands)
        raise _UnknownError

    def constant(self, value: _Value) -> _Value:
        """Return a constant of a module as a number, and all else as it is."""
        if isinstance(value, _Imported) and value.name in _CONSTANTS:
            literal = _CONSTANTS[value.name]
            return _Place(self.plain.literal(literal, False))
        return value

    def choice(self, condition: _Value, first: _Value, second: _Value) -> _Place:
        test, one, other = self.truth(condition), self.place(first), self.place(second)
        made = self.step(_chosen, test, one, other)
        self.plain.choose(made.at, [test], [[test, one], [test, other]])
        return made

    def operation(self, op: ast.operator, left: _Value, right: _Value) -> _Value:
        kind = type(op)
        if type(left) is int and type(right) is int:
            whole = kind in _WHOLE or (kind is ast.Pow and 0 <= right <= 64)
            if kind in (ast.FloorDiv, ast.Mod) and not right:
                raise _UnknownError
            if whole and abs(left) < 2**64 and abs(right) < 2**64:
                made: int = _ARITHMETIC[kind](left, right)
                return self.number(made)
        if kind not in _ARITHMETIC:
            raise _UnknownError
        places = [self.place(left), self.place(right)]
        found = self.step(_ARITHMETIC[kind], *places)
        if kind is ast.Mod:
            self.plain.choose_quotient(found.at, places)
        return found

    def sign(self, op: ast.unaryop, operand: _Value) -> _Value:
        if isinstance(op, ast.Not):
            return self.step(_not, self.truth(operand), truth=True)
        if isinstance(op, ast.USub):
            if type(operand) is int:
                return -operand
            return self.step(operator.neg, self.place(operand))
        if isinstance(op, ast.UAdd):
            self.place(operand)
            return operand
        raise _UnknownError

    def call(self, node: ast.Call, operands: list[_Value]) -> _Value:
        function, *args = operands
        count = len(node.args)
        names = [keyword.arg for keyword in node.keywords]
        if isinstance(function, _Function):
            params = [arg.arg for arg in function.node.args.args]
            if count > len(params) or None in names:
                raise _UnknownError
            given = dict(zip(params, args[:count]))
            for name, value in zip(names, args[count:]):
                if name in given or name is None:
                    raise _UnknownError
                given[name] = value
            return self.called(function, given)
        if not isinstance(function, _Imported) or names:
            raise _UnknownError
        name = _ALIASES.get(function.name, function.name)
        if name in ("array", "asarray") and count == 1 and type(args[0]) is tuple:
            return args[0]
        if name == "where" and count == 3:
            return self.choice(*args)
        if name == "float" and count == 1:
            self.place(args[0])
            return args[0]
        meaning, fewest, most = CALLED.get(name, (_not, 0, -1))
        if not fewest <= count <= most:
            raise _UnknownError
        places = [self.place(arg) for arg in args]
        found = _Place(self.plain.step(meaning, places, 10))
        if name == "remainder":
            self.plain.choose_quotient(found.at, places)
        if name in ("max", "min", "abs", "sign"):
            self.plain.choose(found.at, places, [places] * max(2, count))
        self.steps += 1
        if self.steps > _MOST:
            raise _UnknownError
        return found


def _bound(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement may bind."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]


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
    if isinstance(node, ast.Attribute):
        return (node.value,)
    return node.elts if isinstance(node, (ast.Tuple, ast.List)) else ()


# What Python's operators and functions mean.

_MODULES = ("math", "numpy")


def _not(condition: Any) -> Any:
    return None if condition is None else not condition


def _chosen(condition: Any, first: Any, second: Any) -> Any:
    return None if condition is None else first if condition else second


_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Mod: operator.mod,
    ast.FloorDiv: lambda x, y: x // y if type(x) is int else mpmath.floor(x / y),
}
#: What is a whole number of whole numbers.
_WHOLE = (ast.Add, ast.Sub, ast.Mult, ast.Mod, ast.FloorDiv)
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool | None]] = {
    ast.Lt: lambda x, y: bool(x < y),
    ast.LtE: lambda x, y: bool(x <= y),
    ast.Gt: lambda x, y: bool(x > y),
    ast.GtE: lambda x, y: bool(x >= y),
    ast.Eq: equal,
    ast.NotEq: unequal,
}
_CONSTANTS: Mapping[str, Callable[[], Any]] = {
    "pi": lambda: +mpmath.pi,
    "e": lambda: +mpmath.e,
    "tau": lambda: 2 * mpmath.pi,
}
_BUILTINS = ("abs", "max", "min", "pow", "float")
_ALIASES = {f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")}  # fmt: skip
_ALIASES |= {"fabs": "abs", "absolute": "abs", "power": "pow", "mod": "remainder"}
_ALIASES |= {"maximum": "max", "fmax": "max", "minimum": "min", "fmin": "min"}
_MANY = 1000
#: What functions of math and numpy mean, with the fewest and the most arguments that they take.
CALLED: Mapping[str, tuple[Callable[..., Any], int, int]] = {
    **{
        name: (getattr(mpmath, name), 1, 1)
        for name in (
            *("sqrt", "exp", "sin", "cos", "tan", "asin", "acos", "atan", "sinh"),
            *("cosh", "tanh", "asinh", "acosh", "atanh", "log10", "erf", "erfc"),
            *("gamma", "floor", "ceil", "sign", "degrees", "radians"),
        )
    },
    "abs": (abs, 1, 1),
    "log": (lambda x, *base: mpmath.log(x) / mpmath.log(*base) if base else mpmath.log(x), 1, 2),
    "log2": (lambda x: mpmath.log(x) / mpmath.log(2), 1, 1),
    "log1p": (lambda x: mpmath.log(1 + x), 1, 1),
    "expm1": (lambda x: mpmath.exp(x) - 1, 1, 1),
    "exp2": (lambda x: mpmath.power(2, x), 1, 1),
    "cbrt": (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), 1, 1),
    "square": (lambda x: x * x, 1, 1),
    "lgamma": (lambda x: mpmath.log(abs(mpmath.gamma(x))), 1, 1),
    "hypot": (lambda *x: mpmath.sqrt(mpmath.fsum(each * each for each in x)), 1, _MANY),
    "pow": (operator.pow, 2, 2),
    "atan2": (mpmath.atan2, 2, 2),
    "remainder": (operator.mod, 2, 2),
    "logaddexp": (lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)), 2, 2),
    "heaviside": (lambda x, middle: middle if x == 0 else mpmath.mpf(x > 0), 2, 2),
    "clip": (lambda x, low, high: min(max(x, low), high), 3, 3),
    "max": (max, 2, _MANY),
    "min": (min, 2, _MANY),
}  # fmt: skip
