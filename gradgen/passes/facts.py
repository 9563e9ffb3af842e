"""A program in; what is known of its values out: their signs and sizes, and where their slopes are infinite."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeAlias

from gradgen.core.build import Steps, steps_of
from gradgen.core.doubles import double, evaluated
from gradgen.core.notation import term
from gradgen.core.program import Program, Step, Way
from gradgen.core.rows import ANY, Row, Term, Worded

#: Operations whose values are never negative, in double precision where they may come to 0.
# fmt: off
_NOT_NEGATIVE = ("sqr", "abs", "exp", "exp2", "hypot", "hypot3", "sigmoid", "softplus", "relu", "norm_cdf")
# fmt: on
_ANY_SIGN = "-0+"
#: Powers of ten: of the least and of the largest size that a value other than 0 has.
Size: TypeAlias = tuple[float, float]
#: What is told of values rests on inputs of such a size, or 0.
USUAL: Size = (-100.0, 100.0)
ANY_SIZE: Size = (-math.inf, math.inf)
#: No double is larger.
_LARGEST = 308.3
#: By how much a size may be wrong.
_ROUNDED = 1e-9
#: How much smaller than its operands a sum of two doubles may be that is not 0.
_CANCELLED = 16.0

#: The comparisons.
COMPARED = ("lt", "le", "gt", "ge", "eq", "ne")
#: What adds up rows: where none is negative, it is 0 where all are.
ADDED = ("sum", "mean")
#: Operations that are 0 exactly where their first operand is, and smooth or not does not matter.
SAME_ZERO = ("copy", "neg", "sqr", "powi", "abs", "sqrt", "cbrt", "powr")


def rowwise(program: Program, columns: Container[str]) -> frozenset[int]:
    """Return the values that each row of data has its own of, where the inputs of these names are columns; all others are one number."""
    found = {v for v, name in program.signature.items() if name in columns}
    for value, step in enumerate(program.steps):
        level = program.rows[step.op].level if step.args else ""
        if level == "row" or not (level or found.isdisjoint(step.args)):
            found.add(value)
    return frozenset(found)


class Rowwise:
    """The values that each row of data has its own of, and what adds rows up, of steps that are still added to."""

    def __init__(self, steps: Steps, columns: Container[int]) -> None:
        """Take the steps, and the inputs that are columns."""
        self._steps = steps
        self._columns = columns
        #: By value, whether rows have their own.
        self._known: list[bool] = []

    def __contains__(self, value: int) -> bool:
        rows, table = self._known, self._steps.rows
        for at in range(len(rows), value + 1):
            op, args, _, _ = self._steps.list[at]
            level = table[op].level if args else ""
            own = at in self._columns or any(rows[arg] for arg in args)
            rows.append(level == "row" or (own and not level))
        return rows[value]

    def adds(self, value: int) -> bool:
        """Whether a value is that of all rows together."""
        op, args, _, _ = self._steps.list[value]
        return bool(args) and self._steps.rows[op].level == "whole"


class Compared(NamedTuple):
    """A condition of the table that compares an operand with a number.

    Attributes:
        op: the comparison.
        place: the operand.
        size: whether it is the operand's size that is compared.
        number: the number.
    """

    op: str
    place: int
    size: bool
    number: float


@lru_cache(maxsize=512)  # which few conditions have, and many lines
def comparisons(
    when: str | Worded, params: tuple[str, ...], *joins: str
) -> Sequence[Compared]:
    """Return what compares an operand with a number, where a condition of the table does that alone.

    Args:
        when: the condition.
        params: what it calls the operands.
        joins: `and` or `or`, if also what it joins by these is looked at.
    """
    text = when.term if isinstance(when, Worded) else when
    found: list[Compared] = []
    todo = [term(text)] if text else []
    while todo:
        at = todo.pop()
        if at.op in joins:
            todo += reversed(at.args)
        elif at.op in COMPARED:
            left, right = at.args
            size = left.op == "abs"
            left, number = left.args[0] if size else left, _number(right)
            if left.op == "name" and left.data in params and not math.isnan(number):
                place = params.index(str(left.data))
                found.append(Compared(at.op, place, size, number))
    return found


def _number(said: Term) -> float:
    """Return what a constant comes to, nan where a term is none."""
    if said.op == "const":
        return double(said.data or 0)
    return evaluated(said.op, *map(_number, said.args)) if said.args else math.nan


@dataclass(frozen=True)
class Facts:
    """What is known of the values of a program.

    Attributes:
        program: the program.
        usual: the size of its inputs, as far as what is told to readers rests on it. No line of code does.
    """

    program: Program
    usual: Size = USUAL

    @cached_property
    def steps(self) -> Steps:
        """The program's steps, with what their constants come to."""
        return steps_of(self.program)

    def number(self, value: int) -> float:
        """Return a constant in double precision, nan where it is none or not known."""
        return (
            self.steps.evaluate(value)
            if self.steps.sizes[value] is not None
            else math.nan
        )

    @cached_property
    def signs(self) -> Mapping[int, str]:
        """The signs that each value may have, as far as that follows from how it is made: some of `-0+`."""
        return _Signs(self)

    @cached_property
    def usual_signs(self) -> Mapping[int, str]:
        """The same where the inputs are of usual size: 1 - sin(x)**2/2 is positive."""
        return _UsualSigns(self)

    @cached_property
    def sizes(self) -> Mapping[int, Size]:
        """The sizes that each value may have where the inputs are of usual size, as far as that follows from how it is made."""
        steps, found = self.program.steps, dict[int, Size]()
        constant = self.steps.sizes
        for value, step in enumerate(steps):
            if step.op == "input":
                found[value] = self.usual
            elif constant[value] is not None:
                found[value] = _size(self.number(value))
            else:
                sizes = [found[arg] for arg in step.args]
                last = math.nan
                if step.op in _BY_LAST:
                    last = self.number(step.args[-1])
                found[value] = _size_of(step.op, sizes, last)
        return found

    def singular(self, step: Step, partial: int) -> tuple[float, ...]:
        """Return the values of the operand at which a partial is infinite although the operation has a value."""
        row = self.program.rows[step.op]
        if not row.raises:
            return ()
        last = step.args[-1]
        known = last in self.program.constants
        key = step.op, partial, self.number(last) if known else math.nan
        if key not in self._singular:
            self._singular[key] = tuple(_infinite(row, partial, key[2]))
        return self._singular[key]

    @cached_property
    def _singular(self) -> dict[tuple[str, int, float], tuple[float, ...]]:
        """What has been found, by operation, partial and the number of a constant last operand."""
        return {}

    def failure(self, value: int) -> str | None:
        """Return what a constant expression raises when the module runs, as log(0) does; None if it has a value."""
        try:
            self.steps.compute(value)
        except (ArithmeticError, ValueError) as error:
            return type(error).__name__
        return None

    def points(self, way: Way) -> tuple[float, ...]:
        """Return the values of the operand at which a way's partial is infinite; past a denominator there are none."""
        if way.below:
            return ()
        return self.singular(self.program.steps[way.source], way.place)


class _Signs(dict[int, str]):
    """The signs of values, each worked out when it is asked for."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts
        #: By operation and the signs of its operands.
        self.known: dict[tuple[str, ...], str] = {}

    def __missing__(self, value: int) -> str:
        steps = self.facts.program.steps
        todo = [value]
        while todo:
            at = todo[-1]
            missing = [arg for arg in steps[at].args if arg not in self]
            if missing:
                todo += missing
            else:
                self[at] = self._of(todo.pop(), steps[at])
        return self[value]

    def _of(self, value: int, step: Step) -> str:
        """Return the signs of a value whose operands' are known."""
        if step.op == "input":
            return _ANY_SIGN
        if self.facts.steps.sizes[value] is not None:
            return _sign(self.facts.number(value))
        if step.op == "powi":
            return _of_power(self[step.args[0]], self.facts.number(step.args[1]))
        key = (step.op, *[self[arg] for arg in step.args])
        if key not in self.known:
            self.known[key] = _of_operation(*key)
        return self.known[key]


class _UsualSigns(_Signs):
    """The signs of values where the inputs are of usual size: of a sum, that of a part which is larger than the other."""

    def _of(self, value: int, step: Step) -> str:
        if step.op in ("add", "sub"):
            sizes, (one, other) = self.facts.sizes, step.args
            last = _opposite(self[other]) if step.op == "sub" else self[other]
            for larger, smaller, signs in ((one, other, self[one]), (other, one, last)):
                least, most = sizes[larger][0], sizes[smaller][1]
                if "0" not in signs and least > most + _ROUNDED:
                    return signs
        return super()._of(value, step)


def _infinite(row: Row, partial: int, last: float) -> Iterable[float]:
    """Return the values of an operand at which a partial is infinite; `last` is the last operand's, if it is a constant."""
    found: dict[float, None] = {}
    for rule in row.raises:
        if rule.partial not in (partial, ANY):
            continue
        if rule.exponent_below is not None and last >= rule.exponent_below:
            continue
        if row.own or rule.missing:
            # At more than a point, or where only its body tells.
            found[math.nan] = None
        for one in comparisons(rule.when, row.params, "and", "or"):
            concerned = one.place == partial or rule.partial == ANY
            if concerned and one.op in ("eq", "le"):
                found[one.number] = None
                if one.size:
                    found[-one.number] = None
    return found


def _of_power(base: str, exponent: float) -> str:
    """Return the signs of a whole power."""
    return "0+" if exponent % 2 == 0 else base if exponent < 0 else _ANY_SIGN


def _of_operation(op: str, *args: str) -> str:
    """Return the signs of an operation by those of its operands."""
    if op in _NOT_NEGATIVE:
        return "0+"
    if op == "cosh":
        return "+"
    if op == "sqrt":
        return "+" if args[0] == "+" else "0+"
    if op in ("copy", "inv"):
        return args[0]
    if op in ADDED:  # of no rows it is 0
        return (
            _ANY_SIGN if len(args[0].replace("0", "")) > 1 else _listed({"0", *args[0]})
        )
    if op == "neg":
        return _opposite(args[0])
    if op == "where":
        return _listed({*args[1], *args[2]})
    if op in ("add", "sub"):
        one, other = args[0], args[1] if op == "add" else _opposite(args[1])
        sums = {
            a if b in (a, "0") else b if a == "0" else _ANY_SIGN
            for a in one
            for b in other
        }
        return _listed({*"".join(sums)})
    if op in ("max", "min"):
        choose = max if op == "max" else min
        return _listed(
            {choose(a, b, key=_ANY_SIGN.index) for a in args[0] for b in args[1]}
        )
    if op in ("mul", "div"):
        # A small product may come to 0.
        one, other = args
        signs = {"+" if a == b else "-" for a in one for b in other if "0" not in a + b}
        return _listed({"0"} | signs)
    return _ANY_SIGN


def _opposite(signs: str) -> str:
    return signs.translate(str.maketrans("+-", "-+"))[::-1]


#: What is as large as its last operand says.
_BY_LAST = ("powi", "powr")


def _sign(value: float) -> str:
    return "+" if value > 0 else "-" if value < 0 else "0" if value == 0 else _ANY_SIGN


def _listed(signs: set[str]) -> str:
    return "".join(sign for sign in _ANY_SIGN if sign in signs)


def _size(number: float) -> Size:
    if not math.isfinite(number):
        return ANY_SIZE
    size = math.log10(abs(number)) if number else 0.0
    return size, size


def _size_of(op: str, args: Sequence[Size], last: float) -> Size:
    """Return the size of an operation by those of its operands.

    Args:
        op: the operation.
        args: the sizes.
        last: the last operand, if it is a constant.
    """
    if op in ("add", "sub", "mul", "div"):
        (low, high), (other_low, other_high) = args
        if op == "mul":
            return low + other_low, high + other_high
        if op == "div":
            return low - other_high, high - other_low
        return min(low, other_low) - _CANCELLED, _sum(high, other_high)
    args = args[-2:] if op == "where" else args
    lows, highs = [low for low, _ in args], [high for _, high in args]
    if op in ("max", "min", "where", "hypot", "hypot3"):
        larger = math.log10(len(args)) / 2 if op.startswith("hypot") else 0.0
        return min(lows), max(highs) + larger
    if op in _BY_LAST and math.isfinite(last) and last:
        low, high = sorted((lows[0] * last, highs[0] * last))
        return low, min(high, _LARGEST)  # beyond that, it raises
    if op == "exp":
        most = 10.0 ** min(highs[0], 3.0) * math.log10(math.e)
        return -most, min(most, _LARGEST)
    return _SIZES[op](*args[0]) if op in _SIZES else ANY_SIZE


def _sum(one: float, other: float) -> float:
    more, less = max(one, other), min(one, other)
    return more if math.isinf(more) else more + math.log10(1.0 + 10.0 ** (less - more))


def _at_most(most: float) -> Callable[[float, float], Size]:
    return lambda low, high: (-math.inf, math.log10(most))


#: The size of an operation on one operand by its size.
_SIZES: Mapping[str, Callable[[float, float], Size]] = {
    **dict.fromkeys(("copy", "neg", "abs"), lambda low, high: (low, high)),
    **dict.fromkeys(("sin", "cos", "tanh", "erf", "sigmoid", "norm_cdf", "sign"), _at_most(1.0)),
    **dict.fromkeys(("atan", "asin", "acos", "acot", "erfc"), _at_most(3.2)),
    **dict.fromkeys(("log", "log1p", "log2", "log10", "asinh", "acosh"), _at_most(1100.0)),
    "sqr": lambda low, high: (2.0 * low, 2.0 * high),
    "inv": lambda low, high: (-high, -low),
    "sqrt": lambda low, high: (low / 2.0, high / 2.0),
    "cbrt": lambda low, high: (low / 3.0, high / 3.0),
    "relu": lambda low, high: (low, high),
    "softplus": lambda low, high: (-math.inf, _sum(high, 0.0)),
}  # fmt: skip
