"""An expression of a Python file's syntax tree and what names stand for in; its value, for evaluation by mpmath, out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gradgen.errors import GradgenError
from gradgen.prove.python_numbers import Number, Numbers, Place, UnknownError
from gradgen.read.python.bound import Constant, Dotted, Helper, Meaning
from gradgen.read.python.flow.known import FOREIGN
from gradgen.read.python.scope import Names, UnclearError


@dataclass(frozen=True)
class Imported:
    """A module, or a name of one."""

    module: str
    name: str = ""


@dataclass(frozen=True)
class Function:
    node: ast.FunctionDef
    defaults: Mapping[str, Value]
    #: What names mean in its file.
    names: FileNames = field(compare=False)
    #: Of a function in a function, the names around it.
    outer: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class Fixed:
    """None, or a text."""

    value: object


Value: TypeAlias = (
    "Number | bool | Fixed | Imported | Function | tuple[Any, ...] | None"
)
Scope: TypeAlias = "dict[str, Value]"


@dataclass
class FileNames:
    """What names mean outside of all functions."""

    numbers: Numbers
    #: What names mean at this moment in a notebook, where cells see each other's.
    live: Callable[[str], Meaning | None] | None = None
    bound: Scope = field(default_factory=dict)
    #: Whether a star import may have bound any name.
    starred: bool = False
    #: The file; of another than the function's, what binds a name is run when that is asked for, and waits until then.
    file: Names | None = None
    waiting: dict[str, list[ast.stmt]] = field(default_factory=dict)
    #: The files of which `*` is imported.
    stars: list[str] = field(default_factory=list)
    #: What makes of a table of a notebook, as Python writes it, what it holds.
    table: Callable[[ast.expr], Any] | None = None

    @property
    def reads(self) -> bool:
        """Whether the files that it imports from may be read."""
        return self.file is not None and self.file.modules is not None

    def meaning(self, name: str) -> Value:
        """Return what a name means where no function binds it."""
        if name in self.bound:
            value = self.bound[name]
        elif self.live is not None and (now := self.at_hand(name)) is not None:
            value = now
        elif name in _BUILTINS and not self.starred:
            return Imported("builtins", name)
        else:
            raise UnknownError
        return value

    def at_hand(self, name: str) -> Any:
        """Return what a name of a notebook means at this moment; None where it means nothing there."""
        assert self.live is not None
        try:
            found = self.live(name)
        except (UnclearError, GradgenError):
            raise UnknownError from None
        if isinstance(found, Constant) and isinstance(found.value, ast.Constant):
            now = found.value.value
            if now is None or type(now) is str:
                return Fixed(now)
            return now if isinstance(now, bool) else self.numbers.number(now)
        if isinstance(found, Constant) and self.table is not None:
            return self.table(found.value)
        if isinstance(found, Helper) and found.names.live is not None:
            return self.in_hand(found)
        if isinstance(found, Dotted):
            module, _, last = found.path.rpartition(".")
            if found.path in MODULES:
                return Imported(found.path)
            if module in (*MODULES, "builtins"):
                return Imported(module, last)
        if found is not None:
            raise UnknownError
        return None

    def in_hand(self, helper: Helper) -> Function:
        """Return a function whose defaults are in hand, as far as these are numbers."""
        names = [arg.arg for arg in helper.function.args.args]
        values = helper.defaults or ()
        known = [
            self.numbers.number(value) if type(value) in (int, float) else None
            for value in values
        ]
        last = names[len(names) - len(known) :]
        return Function(helper.function, dict(zip(last, known)), self)


@dataclass
class Expressions:
    """What expressions are."""

    numbers: Numbers
    names: FileNames

    def called(self, function: Function, given: Scope) -> Value:
        """Return what a function returns."""
        raise NotImplementedError

    def far(self, module: str, name: str) -> Value:
        """Return what another file binds."""
        raise UnknownError

    def ready(self, name: str) -> None:
        """Run what binds a name, where that waits."""

    def named(self, name: str, scope: Mapping[str, Value]) -> Value:
        if name not in scope:
            self.ready(name)
        value = scope[name] if name in scope else self.names.meaning(name)
        if value is None:
            raise UnknownError
        return value

    def expression(self, root: ast.expr, scope: Scope) -> Value:
        """Return an expression's value. Not recursive: expressions may be deep."""
        todo: list[tuple[ast.expr, int]] = [(root, 0)]
        values: list[Value] = []
        while todo:
            node, done = todo.pop()
            if isinstance(node, ast.IfExp) and done == 1:
                test = values[-1] = self.condition(values[-1])
                if isinstance(test, bool):  # and nothing asks what else there is
                    values.pop()
                    todo.append((node.body if test else node.orelse, 0))
                    continue
            parts = _parts(node)
            by_one = isinstance(node, ast.BoolOp) or (isinstance(node, ast.IfExp) and not done)  # fmt: skip
            ended = isinstance(node, ast.BoolOp) and done and _told(values[-1]) is isinstance(node.op, ast.Or)  # fmt: skip
            count = min(done + 1, len(parts)) if by_one else len(parts)
            if done < count and not ended:
                todo.append((node, count))
                todo += [(part, 0) for part in reversed(parts[done:count])]
                continue
            operands = values[len(values) - done :] if done else []
            del values[len(values) - done :]
            values.append(self.combined(node, operands, scope))
        return values[0]

    def combined(self, node: ast.expr, operands: list[Value], scope: Scope) -> Value:
        if isinstance(node, ast.Constant):
            if type(node.value) is bool:
                return node.value
            if node.value is None or type(node.value) is str:
                return Fixed(node.value)
            if type(node.value) in (int, float):
                return self.numbers.number(node.value)
            raise UnknownError
        if isinstance(node, ast.Name):
            return self.constant(self.named(node.id, scope))
        if isinstance(node, ast.NamedExpr):
            scope[node.target.id] = operands[0]
            return operands[0]
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return tuple(operands)
        if isinstance(node, ast.BinOp):
            return self.numbers.operation(node.op, *operands)
        if isinstance(node, ast.UnaryOp):
            if isinstance(operands[0], Fixed) and isinstance(node.op, ast.Not):
                return not operands[0].value
            if (
                isinstance(operands[0], Place)
                and operands[0].at in self.numbers.wholes.none
            ):
                operands = [self.condition(operands[0])]
            return self.numbers.sign(node.op, operands[0])
        if isinstance(node, ast.BoolOp):
            idle = isinstance(node.op, ast.And)
            fixed = [_told(each) is idle for each in operands[:-1]]
            left = [e for e, gone in zip(operands, [*fixed, False]) if not gone]
            if len(left) == 2 and all(map(is_number, left)):
                ways = left if not idle else left[::-1]
                return self.numbers.chosen(self.condition(left[0]), *ways)  # type: ignore[no-any-return]
            if idle and not is_number(left[-1]):  # what is 0 is as much as False
                left = [*(self.condition(e) if is_number(e) else e for e in left[:-1]), left[-1]]  # fmt: skip
            return left[0] if len(left) == 1 else self.numbers.joined(node.op, left)
        if isinstance(node, ast.Compare):
            return self.comparison(node, operands)
        if isinstance(node, ast.IfExp):
            return self.numbers.choice(*operands)
        if isinstance(node, ast.Attribute):
            owner = operands[0]
            if isinstance(owner, Imported) and not owner.name:
                return self.constant(Imported(owner.module, node.attr))
            raise UnknownError
        if isinstance(node, ast.Call):
            return self.call(node, operands)
        raise UnknownError

    def condition(self, value: Value) -> Place | bool:
        """Return a value as `if` takes it."""
        if isinstance(value, Fixed):
            return bool(value.value)
        test = self.numbers.condition(value)
        if isinstance(value, Place) and value.at in self.numbers.wholes.none:
            here = self.numbers.sign(ast.Not(), self.numbers.wholes.none[value.at])
            return self.numbers.joined(ast.And(), [here, test])  # type: ignore[return-value]
        return test

    def comparison(self, node: ast.Compare, operands: list[Value]) -> Value:
        """Return what a comparison says; of what is no number, as Python has it."""
        (op, *more), (one, other, *_) = node.ops, operands
        none = [self.numbers.wholes.none[e.at] for e in operands if isinstance(e, Place) and e.at in self.numbers.wholes.none]  # fmt: skip
        if none and not more and isinstance(op, (ast.Eq, ast.NotEq)) and all(map(is_number, operands)):  # fmt: skip
            equal = self.numbers.comparison([ast.Eq()], operands)
            equal = self.numbers.joined(ast.And(), [self.numbers.sign(ast.Not(), none[0]), equal])  # type: ignore[assignment]  # fmt: skip
            return equal if isinstance(op, ast.Eq) else self.numbers.sign(ast.Not(), equal)  # fmt: skip
        if more or all(map(is_number, operands)):
            return self.numbers.comparison(node.ops, operands)
        among = isinstance(op, (ast.In, ast.NotIn))
        turned = isinstance(op, (ast.NotIn, ast.IsNot, ast.NotEq))
        if among and isinstance(other, tuple):
            found: Value = False
            for each in other:
                here = self.same(one, each)
                if here is True:
                    found = True
                    break
                if not isinstance(here, bool):
                    ways = [found, here] if found is not False else [here]
                    found = self.numbers.joined(ast.Or(), ways) if len(ways) > 1 else here  # fmt: skip
        elif among and isinstance(one, Fixed) and isinstance(other, Fixed):
            if not (type(one.value) is type(other.value) is str):
                raise UnknownError
            found = one.value in other.value
        elif isinstance(op, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
            found = self.same(one, other)
        else:
            raise UnknownError
        return self.numbers.sign(ast.Not(), found) if turned else found

    def same(self, one: Value, other: Value) -> Value:
        """Return whether two values are equal, of which a text, None or a truth is equal to its like alone."""
        pair = (one, other)
        if any(type(each) is tuple or each is None for each in pair):
            raise UnknownError
        none = [self.numbers.wholes.none[e.at] for e in pair if isinstance(e, Place) and e.at in self.numbers.wholes.none]  # fmt: skip
        if none and not any(each == Fixed(None) for each in pair):
            raise UnknownError
        if none:
            return none[0]
        if any(isinstance(each, Fixed) for each in pair):
            return one == other
        kinds = [type(e) is bool for e in pair]
        if all(kinds):
            return one is other
        if any(kinds):
            raise UnknownError  # 1 is True, by ==
        return self.numbers.comparison([ast.Eq()], pair)

    def constant(self, value: Value) -> Value:
        """Return a constant of a module as a number, and all else as it is."""
        if isinstance(value, Imported) and value.module in (*MODULES, "builtins"):
            return self.numbers.constant(value.name) or value
        if isinstance(value, Imported) and value.name:
            path = f"{value.module}.{value.name}"
            if path == "sys.float_info":
                return Imported(path)
            if path in _OF_DOUBLES:
                return self.numbers.number(_OF_DOUBLES[path])
            known = path in FOREIGN or path in _MAKING
            return value if known else self.far(value.module, value.name)
        return value

    def call(self, node: ast.Call, operands: list[Value]) -> Value:
        """Return what a call of the first operand gives."""
        raise NotImplementedError


def is_number(value: Value) -> bool:
    return isinstance(value, Place) and not value.truth or type(value) is int


def of_text(kind: str, text: object) -> float | int:
    """Return the number that a text is."""
    try:
        if kind in ("float", "int") and isinstance(text, str):
            return float(text) if kind == "float" else int(text)
    except ValueError:
        pass
    raise UnknownError


def _told(value: Value) -> bool | None:
    """Return whether a value is true, where that is known and it is no number."""
    if isinstance(value, Fixed):
        return bool(value.value)
    if isinstance(value, (tuple, list, dict, range)):
        return len(value) > 0
    return value if isinstance(value, bool) else None


def is_instance(value: Value, types: Value) -> bool:
    """Return whether a value is of one of the types: numbers are floats, but for those that are written whole."""
    found = False
    for each in types if type(types) is tuple else (types,):
        if not isinstance(each, Imported):
            raise UnknownError
        foreign = f"{each.module}.{each.name}" in FOREIGN
        if not foreign and each.name not in ("float", *_TYPES, "ndarray"):
            raise UnknownError
        if isinstance(value, Fixed):
            found |= type(value.value).__name__ == each.name
        elif isinstance(value, (tuple, list, dict)):
            kind = type(value).__name__.lower().replace("array", "ndarray")
            found |= kind == each.name
        elif isinstance(value, Place) and not value.truth:
            found |= each.name == "float"
        else:
            raise UnknownError
    return found


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
    if isinstance(node, ast.Subscript):
        return node.value, node.slice
    if isinstance(node, ast.Slice):
        return [part for part in (node.lower, node.upper, node.step) if part]
    if isinstance(node, ast.Starred):
        return (node.value,)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values)
        return [part for pair in pairs for part in pair if part is not None]
    return node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else ()


MODULES = ("math", "numpy", "numpy.linalg")
#: Modules of which no more is known than some names.
TOLD = {
    "sys",
    "functools",
    "collections",
    *(path.rpartition(".")[0] for path in FOREIGN),
}
#: What doubles are like.
_OF_DOUBLES = {
    "sys.float_info.epsilon": 2.0**-52,
    "sys.float_info.max": (2 - 2.0**-52) * 2.0**1023,
    "sys.float_info.min": 2.0**-1022,
    "numpy.finfo.eps": 2.0**-52,
    "numpy.finfo.max": (2 - 2.0**-52) * 2.0**1023,
    "numpy.finfo.tiny": 2.0**-1022,
}
#: What makes functions of functions, and dicts.
_MAKING = ("functools.partial", "collections.OrderedDict")
_TYPES = ("int", "bool", "complex", "str", "list", "tuple", "dict", "set")
_BUILTINS = (
    *("abs", "max", "min", "pow", "float", "isinstance", *_TYPES),
    *("len", "sum", "any", "all", "zip", "enumerate", "reversed", "sorted", "map"),
    *("range", "frozenset", "print"),
)
