"""Numbers in, as Python's operators and the functions of `math` and `numpy` take them; their plain evaluation by mpmath out."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import mpmath

from gradgen.prove.meanings import all_of, any_of
from gradgen.prove.plain import Plain, equal, opposite, unequal

#: More operations than any function that is read has.
_MOST = 200_000
_LARGEST = 10**300


class UnknownError(Exception):
    """The tree holds what this knows no meaning of."""


@dataclass(frozen=True)
class Place:
    """A number that is not known before the function runs, or that is no whole number."""

    at: int
    truth: bool = False


Number: TypeAlias = "int | Place"


class Wholes(dict[int, frozenset[int]]):
    """The whole numbers that values may be, as a test chooses one, by where they stand; of what is no number none.

    Attributes:
        none: where values are None, by where these stand.
    """

    def __init__(self) -> None:
        super().__init__()
        self.none: dict[int, Place | bool] = {}

    def of(self, value: object) -> frozenset[int] | None:
        """Return the whole numbers that a value may be; None of what may be any number."""
        if type(value) is int:
            return frozenset((value,))
        return self.get(value.at) if isinstance(value, Place) else None

    def chosen(self, made: Place, one: object, other: object) -> Place:
        """Take note of what is one of two values; return it."""
        ways = self.of(one), self.of(other)
        if ways[0] is not None and ways[1] is not None:
            self[made.at] = ways[0] | ways[1]
        return made

    def made(self, made: Place, kind: type[ast.operator], one: object, other: object) -> Place:  # fmt: skip
        """Take note of what an operator makes; return it. Of two that one test decides, more than may be."""
        ways = self.of(one), self.of(other)
        if kind in (ast.Add, ast.Sub, ast.Mult) and ways[0] and ways[1] and len(ways[0]) * len(ways[1]) <= _MANY:  # fmt: skip
            self[made.at] = frozenset(_ARITHMETIC[kind](a, b) for a in ways[0] for b in ways[1])  # fmt: skip
        return made


@dataclass
class Numbers:
    """Operations on numbers: on whole ones at once, on all others as steps of an evaluation."""

    plain: Plain
    steps: int = 0
    none_yet: Place | None = None
    #: The numbers that are written, by where they stand.
    _written: dict[int, float] = field(default_factory=dict)
    wholes: Wholes = field(default_factory=lambda: Wholes())

    def number(self, value: object) -> Number:
        """Return a number that is written."""
        if type(value) is int and abs(value) < _LARGEST:
            return value
        if type(value) is not float:
            raise UnknownError
        exact = value.is_integer()
        found = Place(self.plain.literal(lambda: mpmath.mpf(value), exact))
        self._written[found.at] = value
        return found

    def written(self, value: object) -> float | None:
        """Return a number, or a truth, that is written; None for any other."""
        if isinstance(value, int):
            return value
        return self._written.get(value.at) if isinstance(value, Place) else None

    def place(self, value: object) -> int:
        """Return where a number stands."""
        if type(value) is int:
            return self.plain.literal(lambda: mpmath.mpf(value), True)
        if not isinstance(value, Place) or value.truth:
            raise UnknownError
        return value.at

    def truth(self, value: object) -> int:
        """Return where a truth value stands."""
        if type(value) is bool:
            return self.plain.literal(lambda: value, True)
        if not isinstance(value, Place) or not value.truth:
            raise UnknownError
        return value.at

    def step(
        self, meaning: Callable[..., Any], *operands: int, truth: bool = False
    ) -> Place:
        self.turn()
        return Place(self.plain.step(meaning, operands), truth)

    def condition(self, value: object) -> Place | bool:
        """Return a value as `if` takes it: what it is where that is known, and of a number whether it is not 0."""
        if type(value) is int:
            return value != 0
        if isinstance(value, Place) and not value.truth:
            zero = self.place(0)
            return self.step(unequal, value.at, zero, truth=True)
        if isinstance(value, (bool, Place)):
            return value
        raise UnknownError

    def nothing(self) -> Place:
        """Return a number that is none."""
        if not self.none_yet:
            self.none_yet = self.step(lambda: None)
            self.wholes[self.none_yet.at] = frozenset()
        return self.none_yet

    def chosen(self, test: object, one: Any, other: Any) -> Any:
        """Return the one value or the other: numbers, truths, or as many of them in tuples."""
        if one is other:
            return one
        if type(one) is tuple or type(other) is tuple:
            # What raises has as many values as are asked for.
            size = len(one) if type(one) is tuple else len(other)
            sides = [(e,) * size if e is self.none_yet else e for e in (one, other)]
            if any(type(each) is not tuple or len(each) != size for each in sides):
                raise UnknownError
            return tuple(self.chosen(test, *pair) for pair in zip(*sides))
        kinds = [type(e) is bool or isinstance(e, Place) and e.truth for e in (one, other)]  # fmt: skip
        if not any(kinds):
            return self.choice(test, one, other)
        at, *ways = self.truth(test), self.truth(one), self.truth(other)
        made = self.step(_chosen, at, *ways, truth=True)
        self.plain.choose(made.at, [at], [[at, way] for way in ways])
        return made

    def choice(self, condition: object, first: object, second: object) -> Place:
        test, one, other = self.truth(condition), self.place(first), self.place(second)
        made = self.step(_chosen, test, one, other)
        self.plain.choose(made.at, [test], [[test, one], [test, other]])
        return self.wholes.chosen(made, first, second)

    def counted(self, value: object) -> object:
        """Return a truth as Python counts it, 1 or 0; any other value as it is."""
        if isinstance(value, Place) and value.truth:
            return self.choice(value, 1, 0)
        return int(value) if type(value) is bool else value

    def operation(self, op: ast.operator, left: object, right: object) -> Number:
        kind = type(op)
        truths = [type(e) is bool or isinstance(e, Place) and e.truth for e in (left, right)]  # fmt: skip
        if all(truths) and kind in (ast.BitAnd, ast.BitOr):
            word = ast.And() if kind is ast.BitAnd else ast.Or()
            return self.joined(word, [left, right])
        if truths[0] is not truths[1]:
            left, right = self.counted(left), self.counted(right)
        if type(left) is int and type(right) is int:
            made = _of_whole(kind, left, right)
            if made is not None:
                return self.number(made)
        if kind not in _ARITHMETIC:
            raise UnknownError
        places = [self.place(left), self.place(right)]
        found = self.step(_ARITHMETIC[kind], *places)
        if kind is ast.Mod:
            self.plain.choose_quotient(found.at, places)
        return self.wholes.made(found, kind, left, right)

    def sign(self, op: ast.unaryop, operand: object) -> Number | bool:
        if isinstance(op, ast.Not):
            test = self.condition(operand)
            return not test if isinstance(test, bool) else self.step(opposite, test.at, truth=True)  # fmt: skip
        if isinstance(op, ast.USub):
            if type(operand) is int:
                return -operand
            written = self.written(operand)
            if written and type(operand) is Place:  # minus 0 has a sign
                return self.number(-written)
            found = self.step(operator.neg, self.place(operand))
            return self.wholes.made(found, ast.Sub, 0, operand)
        if isinstance(op, ast.UAdd):
            self.place(operand)
            return operand  # type: ignore[return-value]
        raise UnknownError

    def joined(self, op: ast.boolop, operands: Sequence[object]) -> Number | bool:
        """Return what `and` or `or` says of the operands up to the one that settles it."""
        idle = isinstance(op, ast.And)
        told = [each for each in operands[:-1] if each is not idle]
        last = operands[-1]
        if last is (not idle):
            return not idle
        operands = told if last is idle and told else [*told, last]
        if len(operands) == 1:
            return operands[0]  # type: ignore[return-value]
        meaning = all_of if isinstance(op, ast.And) else any_of
        return self.step(meaning, *map(self.truth, operands), truth=True)

    def comparison(
        self, ops: Sequence[ast.cmpop], operands: Sequence[object]
    ) -> Place | bool:
        if any(type(op) not in _COMPARISONS for op in ops):
            raise UnknownError
        if all(type(each) is int for each in operands):
            pairs = zip(ops, operands, operands[1:])
            return all(_OF_WHOLE[type(op)](a, b) for op, a, b in pairs)
        found = [
            self.step(_COMPARISONS[type(op)], self.place(a), self.place(b), truth=True)
            for op, a, b in zip(ops, operands, operands[1:])
        ]
        return found[0] if len(found) == 1 else self.step(all_of, *(each.at for each in found), truth=True)  # fmt: skip

    def constant(self, name: str) -> Place | None:
        """Return a constant of `math` or `numpy`; None for what is none."""
        if name not in _CONSTANTS:
            return None
        return Place(self.plain.literal(_CONSTANTS[name], False))

    def call(self, name: str, args: Sequence[object]) -> Number:
        """Return the value of a function of Python's, `math` or `numpy`."""
        name, count = _ALIASES.get(name, name), len(args)
        if name == "where" and count == 3:
            return self.choice(*args)
        if (name == "float" and count == 1) or (name == "int" and count == 1 and self.wholes.of(args[0])):  # fmt: skip
            self.place(args[0])
            return args[0]  # type: ignore[return-value]
        meaning, fewest, most = CALLED.get(name, (opposite, 0, -1))
        if not fewest <= count <= most:
            raise UnknownError
        self.turn()
        places = [self.place(arg) for arg in args]
        if name == "atan2":
            return Place(self.plain.angle(places, 10))
        found = Place(self.plain.step(meaning, places, 10))
        if name == "remainder":
            self.plain.choose_quotient(found.at, places)
        if name in ("max", "min", "abs", "sign"):
            self.plain.choose(found.at, places, [places] * max(2, count))
        return found

    def turn(self) -> None:
        """Count an operation, or a turn of a loop.

        Raises:
            UnknownError: there were too many.
        """
        self.steps += 1
        if self.steps > _MOST:
            raise UnknownError


def _of_whole(kind: type[ast.operator], left: int, right: int) -> int | None:
    """Return what an operator makes of whole numbers, where that is one that is worked out."""
    if kind in (ast.FloorDiv, ast.Mod) and not right:
        raise UnknownError
    if kind in (ast.Pow, *_SHIFTS) and not 0 <= right <= 64:
        return None
    work = _SHIFTS.get(kind) or (_ARITHMETIC[kind] if kind in (*_WHOLE, ast.Pow) else None)  # fmt: skip
    small = abs(left) < 2**64 and abs(right) < 2**64
    return work(left, right) if work is not None and small else None


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
#: What is made of whole numbers alone.
_SHIFTS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
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
_OF_WHOLE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CONSTANTS: Mapping[str, Callable[[], Any]] = {
    "pi": lambda: +mpmath.pi,
    "e": lambda: +mpmath.e,
    "tau": lambda: 2 * mpmath.pi,
}
_ALIASES = {f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")}  # fmt: skip
_ALIASES |= {"fabs": "abs", "absolute": "abs", "power": "pow", "mod": "remainder"}
_ALIASES |= {"maximum": "max", "fmax": "max", "minimum": "min", "fmin": "min"}
_MANY = 1000
#: What functions of scipy.special mean, of one number each.
SPECIAL: Mapping[str, Callable[[Any], Any]] = {
    "expit": lambda x: 1 / (1 + mpmath.exp(-x)),
    "logit": lambda x: mpmath.log(x / (1 - x)),
    "ndtr": lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "gamma": mpmath.gamma,
    "gammaln": lambda x: mpmath.log(abs(mpmath.gamma(x))),
    "psi": mpmath.digamma,
    "digamma": mpmath.digamma,
    "expm1": lambda x: mpmath.exp(x) - 1,
    "log1p": lambda x: mpmath.log(1 + x),
}
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
    "deg2rad": (mpmath.radians, 1, 1),
    "rad2deg": (mpmath.degrees, 1, 1),
    "float64": (lambda x: x, 1, 1),
    "asanyarray": (lambda x: x, 1, 1),
    "ones_like": (lambda x: mpmath.mpf(1), 1, 1),
    "zeros_like": (lambda x: mpmath.mpf(0), 1, 1),
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
    "fmod": (lambda x, y: mpmath.sign(x) * (abs(x) % abs(y)), 2, 2),
    "logaddexp": (lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)), 2, 2),
    "heaviside": (lambda x, middle: middle if x == 0 else mpmath.mpf(x > 0), 2, 2),
    "clip": (lambda x, low, high: min(max(x, low), high), 3, 3),
    "max": (max, 2, _MANY),
    "min": (min, 2, _MANY),
    **{f"scipy.special.{name}": (meaning, 1, 1) for name, meaning in SPECIAL.items()},
}  # fmt: skip
