"""An expression that holds sequences, or functions inside functions, in; its value out, as Python makes it: of what may change, the very same."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gradgen.prove.python import arrays, masked, sequences
from gradgen.prove.python.heap import Array, Dict, Heap, List, Local
from gradgen.prove.python_expressions import (  # fmt: skip
    Expressions,
    Fixed,
    Function,
    Imported,
    Scope,
    Value,
    is_instance,
    of_text,
)
from gradgen.prove.python_numbers import Place, UnknownError
from gradgen.read.python.terms.rows import Attribute

_CONTAINERS = (tuple, List, Array, Dict, range)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: What an array does by a name, as numpy does by the same.
_OF_ARRAYS = ("sum", "prod", "mean", "min", "max", "dot", "cumsum", "any", "all")


@dataclass(frozen=True)
class Method:
    """What a value does by a name."""

    owner: Any
    name: str


@dataclass(frozen=True)
class Partial:
    """A function with arguments that it is given beforehand."""

    function: Any
    args: list[Any]
    named: Mapping[str, Any]


class Spread(list[Any]):
    """What a star spreads."""


@dataclass
class Holding(Expressions):
    """What expressions are that hold more than numbers.

    Attributes:
        heap: what may be changed.
        depth: how deep functions call each other; 0 at the top of a file, where nothing changes what was made.
    """

    heap: Heap = field(init=False)
    depth: int = 0

    def __post_init__(self) -> None:
        self.heap = Heap(self.numbers)

    def held(self, made: Any) -> Any:
        """Return something that may be changed, where it is made in a function."""
        return self.heap.new(made) if self.depth else made

    def is_plain(self, value: Any) -> bool:
        """Whether a value is no sequence."""
        return isinstance(value, (Place, int, Fixed, Imported, Function, Partial))

    def named(self, name: str, scope: Mapping[str, Value]) -> Any:
        holder = scope.holder(name) if isinstance(scope, Local) else None
        if holder is not None:
            self.heap.check(holder)
            value = holder[name]
            if value is None:
                raise UnknownError
            return value
        return super().named(name, scope)

    def combined(self, node: ast.expr, operands: list[Any], scope: Scope) -> Any:
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return self.row(node, operands)
        if isinstance(node, ast.Starred):
            return Spread(sequences.through(self, operands[0]))
        if isinstance(node, ast.Dict):
            return self.dict(node, operands)
        if isinstance(node, ast.Slice):
            given = iter(operands)
            ends = [next(given) if part else None for part in (node.lower, node.upper, node.step)]  # fmt: skip
            ends = [None if each == Fixed(None) else each for each in ends]
            if any(each is not None and type(each) is not int for each in ends):
                raise UnknownError
            return slice(*ends)
        if isinstance(node, ast.Subscript):
            return sequences.taken(self, *operands)
        if isinstance(node, _COMPREHENSIONS):
            return self.comprehension(node, scope)
        if isinstance(node, ast.Lambda):
            body = ast.Return(node.body)
            return self.function(ast.FunctionDef("", node.args, [body], []), scope)
        if isinstance(node, ast.BinOp) and not all(map(self.is_plain, operands)):
            return self.operation(node.op, *operands)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
            return masked.denied(self, operands[0])
        if isinstance(node, ast.UnaryOp) and not self.is_plain(operands[0]):
            if isinstance(node.op, ast.Not):
                return not self.condition(operands[0])
            op = node.op
            return arrays.each(self, operands, lambda v: self.numbers.sign(op, v))
        if isinstance(node, ast.IfExp):
            return self.heap.chosen(*operands)
        if isinstance(node, ast.Call) and any(k.arg == "out" and isinstance(k.value, ast.Name) for k in node.keywords):  # fmt: skip
            return masked.written(
                self, node, super().combined(node, operands, scope), scope
            )
        if isinstance(node, ast.Attribute) and operands[0] == Imported("numpy", "linalg"):  # fmt: skip
            return Imported("numpy.linalg", node.attr)
        if isinstance(node, ast.Attribute) and not isinstance(operands[0], Imported):
            return self.attribute(operands[0], node.attr)
        return super().combined(node, operands, scope)

    def row(self, node: ast.Tuple | ast.List | ast.Set, operands: list[Any]) -> Any:
        items: list[Any] = []
        for each in operands:
            items += each if isinstance(each, Spread) else [each]
        if isinstance(node, ast.List):
            return self.held(List(items))
        if isinstance(node, ast.Set):
            return sequences.Sets(items)
        return tuple(items)

    def dict(self, node: ast.Dict, operands: list[Any]) -> Any:
        found = Dict()
        given = iter(operands)
        for key in node.keys:
            if key is not None:
                name = sequences.key(self, next(given))
                found[name] = next(given)
                continue
            other = next(given)
            if not isinstance(other, Dict):
                raise UnknownError
            found.update(other)
        return self.held(found)

    def operation(self, op: ast.operator, one: Any, other: Any) -> Any:
        """Return what an operator makes of sequences."""
        if not any(isinstance(each, Array) for each in (one, other)):
            return sequences.joined(self, op, one, other)
        if isinstance(op, ast.MatMult):
            return arrays.matrix(self, one, other)
        return arrays.each(self, [one, other], lambda a, b: self.numbers.operation(op, a, b))  # fmt: skip

    def attribute(self, owner: Any, name: str) -> Any:
        if isinstance(owner, Dict) and Attribute(name) in owner:
            return owner[Attribute(name)]  # an object of a caller's
        if isinstance(owner, Array) and name in ("T", "shape", "size", "ndim"):
            return arrays.said(self, owner, name)
        if name == "dtype" and (isinstance(owner, Place) or (isinstance(owner, Array) and arrays.is_of_floats(owner))):  # fmt: skip
            return Imported("numpy", "float64")
        if isinstance(owner, Place) and name in ("T", "shape", "size", "ndim"):
            return {"T": owner, "shape": (), "size": 1, "ndim": 0}[name]
        if isinstance(owner, (*_CONTAINERS, Fixed)) or name in ("item", "any", "all"):
            return Method(owner, name)
        raise UnknownError

    def applied(self, function: Any, args: list[Any], named: Mapping[str, Any]) -> Any:
        """Return what a function makes of arguments."""
        raise NotImplementedError

    # Functions inside functions, and comprehensions.

    def function(self, node: ast.FunctionDef, scope: Scope) -> Function:
        """Return a function as it is where its definition stands."""
        args = node.args
        if args.posonlyargs or args.kwonlyargs or args.vararg or args.kwarg or node.decorator_list:  # fmt: skip
            raise UnknownError
        names = [arg.arg for arg in args.args]
        values = [self.expression(default, scope) for default in args.defaults]
        given = dict(zip(names[len(names) - len(values) :], values))
        outer = scope if isinstance(scope, Local) else None
        return Function(node, given, self.names, outer)

    def comprehension(self, node: Any, scope: Scope) -> Any:
        targets = [each.target for each in node.generators]
        names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        outer = scope if isinstance(scope, Local) else None
        local = self.held(Local(dict.fromkeys(names), outer))
        if any(isinstance(each, ast.NamedExpr) for each in ast.walk(node)):
            raise UnknownError
        found: list[Any] = []
        for _ in self.through(node.generators, local, scope):
            if isinstance(node, ast.DictComp):
                key = sequences.key(self, self.expression(node.key, local))
                found.append((key, self.expression(node.value, local)))
            else:
                found.append(self.expression(node.elt, local))
        if isinstance(node, ast.DictComp):
            return self.held(Dict(found))
        if isinstance(node, ast.SetComp):
            return sequences.Sets(found)
        return iter(found) if isinstance(node, ast.GeneratorExp) else self.held(List(found))  # fmt: skip

    def through(self, generators: Sequence[ast.comprehension], local: Local, scope: Scope) -> Iterator[None]:  # fmt: skip
        """Go through the turns of a comprehension; the first of what it goes through stands outside."""
        first, *others = generators
        for each in sequences.through(self, self.expression(first.iter, scope)):
            self.assign(first.target, each, local)
            tests = [self.condition(self.expression(test, local)) for test in first.ifs]
            if any(type(test) is not bool for test in tests):
                raise UnknownError
            if not all(tests):
                continue
            if others:
                yield from self.through(others, local, local)
            else:
                yield

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Let the names of a target, or what stands in its brackets, be a value, or the parts of a sequence."""
        if isinstance(target, ast.Name):
            if hasattr(value, "__next__"):
                raise UnknownError
            scope[target.id] = value
        elif isinstance(target, ast.Subscript):
            owner = self.expression(target.value, scope)
            at: Any = self.expression(target.slice, scope)
            sequences.put(self, owner, at, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.unpacked(target, sequences.through(self, value), scope)
        else:
            raise UnknownError

    def unpacked(self, target: ast.Tuple | ast.List, values: list[Any], scope: Scope) -> None:  # fmt: skip
        stars = [p for p, t in enumerate(target.elts) if isinstance(t, ast.Starred)]
        left = len(values) - len(target.elts)
        if (left and not stars) or left < -1:
            raise UnknownError
        for place, each in enumerate(target.elts):
            if isinstance(each, ast.Starred):
                rest = self.held(List(values[place : place + left + 1]))
                self.assign(each.value, rest, scope)
            else:
                at = place + left if stars and place > stars[0] else place
                self.assign(each, values[at], scope)


@dataclass
class Calls(Holding):
    """What calls give, and tests of sequences."""

    def call(self, node: ast.Call, operands: list[Any]) -> Any:
        function, *given = operands
        args: list[Any] = []
        for each in given[: len(node.args)]:
            args += each if isinstance(each, Spread) else [each]
        named: dict[str, Any] = {}
        for keyword, value in zip(node.keywords, given[len(node.args) :]):
            more = {keyword.arg: value} if keyword.arg is not None else value
            if not isinstance(more, dict) or any(type(n) is not str or n in named for n in more):  # fmt: skip
                raise UnknownError
            named.update(more)
        return self.applied(function, args, named)

    def applied(self, function: Any, args: list[Any], named: Mapping[str, Any]) -> Any:
        """Return what a function makes of arguments."""
        if isinstance(function, Function):
            params = [arg.arg for arg in function.node.args.args]
            if len(args) > len(params) or {*named} & {*params[: len(args)]}:
                raise UnknownError
            return self.called(function, {**dict(zip(params, args)), **named})
        if isinstance(function, Partial):
            more = {**function.named, **named}
            return self.applied(function.function, [*function.args, *args], more)
        if isinstance(function, Method):
            return self.method(function.owner, function.name, args, named)
        if not isinstance(function, Imported):
            raise UnknownError
        if function == Imported("numpy", "finfo") and not named:
            if args in (
                [Imported("builtins", "float")],
                [Imported("numpy", "float64")],
            ):
                return Imported("numpy.finfo")
            raise UnknownError
        if function == Imported("functools", "partial") and args:
            return Partial(args[0], args[1:], named)
        if function == Imported("collections", "OrderedDict"):
            function = Imported("builtins", "dict")
        if function == Imported("builtins", "isinstance") and len(args) == 2:
            return is_instance(*args)
        name, module = function.name, function.module
        of_one = module == "builtins" and name in ("float", "int") and len(args) == 1
        if of_one and isinstance(args[0], Fixed):
            return self.numbers.number(of_text(name, args[0].value))
        if module == "scipy.special" and not named and all(map(self.is_plain, args)):
            return self.numbers.call(f"{module}.{name}", args)
        if module == arrays.ARRAY_API:
            return arrays.of_library(self, name, args, named)
        try:
            if module == "numpy" and (told := masked.of_conditions(self, name, args, named)):  # fmt: skip
                return told
            if module.partition(".")[0] == "numpy" or name == "copysign":
                return masked.call(self, name, args, named, partial(self.of_numpy, name))  # fmt: skip
            return sequences.call(self, name, args, named)
        except UnknownError:
            if named or module.partition(".")[0] == "numpy":
                raise
        return self.numbers.call(name, args)

    def of_numpy(self, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """Return what a function of numpy's makes of arrays, and of numbers."""
        try:
            return arrays.call(self, name, args, named)
        except UnknownError:
            if named:
                raise
        if not all(map(self.is_plain, args)):
            return arrays.each(self, args, lambda *at: self.numbers.call(name, at))
        return self.numbers.call(name, args)

    def method(self, owner: Any, name: str, args: list[Any], named: Mapping[str, Any]) -> Any:  # fmt: skip
        if isinstance(owner, (Place, bool)) and not (args or named):
            if name == "item" or sequences.is_truth(owner):
                return owner
            raise UnknownError
        if type(owner) is tuple and name == "copy" and not args and all(map(self.is_plain, owner)):  # fmt: skip
            return self.held(List(owner))
        if isinstance(owner, Array) and name == "astype" and len(args) == 1:
            return arrays.call(self, "array", [owner, *args], named)
        if isinstance(owner, Array) and name == "flatten" and not (args or named):
            return arrays.made(self, tuple(arrays.numbers_in(owner)))
        if isinstance(owner, Array) and name in _OF_ARRAYS:
            return arrays.call(self, name, [owner, *args], named)
        if named:
            raise UnknownError
        if isinstance(owner, Array) and not args and name in ("copy", "tolist"):
            return arrays.made(self, owner) if name == "copy" else self.listed(owner)
        if isinstance(owner, Fixed) and type(owner.value) is str:
            plain = name in ("lower", "upper", "strip", "title", "capitalize")
            texts = [arg.value for arg in args if isinstance(arg, Fixed) and type(arg.value) is str]  # fmt: skip
            if plain and not args:
                return Fixed(getattr(owner.value, name)())
            if name in ("startswith", "endswith") and len(texts) == len(args) == 1:
                return bool(getattr(owner.value, name)(*texts))
        return sequences.method(self, owner, name, args)

    def listed(self, value: Any) -> Any:
        """Return an array as a list, of its rows, if it has some."""
        if not isinstance(value, Array):
            return value
        return self.held(List([self.listed(each) for each in value]))

    # Tests.

    def condition(self, value: Any) -> Place | bool:
        if isinstance(value, _CONTAINERS):
            self.heap.check(value)
            if isinstance(value, Array):
                raise UnknownError
            return len(value) > 0
        return super().condition(value)

    def comparison(self, node: ast.Compare, operands: list[Any]) -> Any:
        among = isinstance(node.ops[0], (ast.In, ast.NotIn))
        identical = isinstance(node.ops[0], (ast.Is, ast.IsNot))
        if len(operands) == 2 and among and isinstance(operands[1], (List, Dict, range)):  # fmt: skip
            operands = [operands[0], tuple(sequences.through(self, operands[1]))]
        elif any(isinstance(each, Array) for each in operands) and not identical:
            if among or len(operands) > 2:
                raise UnknownError
            return arrays.each(self, operands, lambda *at: self.numbers.comparison(node.ops, at))  # fmt: skip
        return super().comparison(node, operands)

    def same(self, one: Any, other: Any) -> Any:
        pair = (one, other)
        kinds = [type(each) for each in pair]
        if any(isinstance(each, Place) and each.at in self.numbers.wholes.none for each in pair):  # fmt: skip
            return super().same(one, other)
        if any(isinstance(each, Fixed) for each in pair):
            return all(isinstance(each, Fixed) for each in pair) and one == other
        if not any(isinstance(each, _CONTAINERS) for each in pair):
            numbers = [self.numbers.written(each) for each in pair]
            if None not in numbers and bool not in kinds:
                return numbers[0] == numbers[1]
            return super().same(one, other)
        if kinds not in ([tuple, tuple], [List, List]):
            raise UnknownError
        if len(one) != len(other):
            return False
        found = [self.same(*each) for each in zip(one, other)]
        if any(type(each) is not bool for each in found):
            raise UnknownError
        return all(found)
