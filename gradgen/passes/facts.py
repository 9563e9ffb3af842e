"""A program in; what is known of its values out: their signs, and where their slopes are infinite."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from gradgen.core.build import Steps, steps_of
from gradgen.core.program import Program, Step, Way
from gradgen.core.rows import ANY, Row

#: Operations whose values are never negative, in double precision where they may come to 0.
# fmt: off
_NOT_NEGATIVE = ("sqr", "abs", "exp", "exp2", "hypot", "hypot3", "sigmoid", "softplus", "relu", "norm_cdf")
# fmt: on
_ANY_SIGN = "-0+"

#: Where a text of the table names an operand's value at which a partial has none: `{0} = 0`, `abs({0}) = 1`.
_POINT = re.compile(
    r"(?:^|(?<=or )|(?<=and ))(abs\()?\{([0-9])\}\)? (?:=|<=) (?:\{[0-9]\} = )*(-?[0-9.]+)(?![\w.])"
)
#: Operations that are 0 exactly where their first operand is, and smooth or not does not matter.
SAME_ZERO = ("copy", "neg", "sqr", "powi", "abs", "sqrt", "cbrt", "powr")


@dataclass(frozen=True)
class Facts:
    """What is known of the values of a program."""

    program: Program

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

    def singular(self, step: Step, partial: int) -> tuple[float, ...]:
        """Return the values of the operand at which a partial is infinite although the operation has a value."""
        row = self.program.rows[step.op]
        if not row.raises:
            return ()
        key = step.op, partial, self.number(step.args[-1])
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
        if way.below is not None:
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
        for both, place, number in _POINT.findall(rule.when):
            if int(place) == partial or rule.partial == ANY:
                found[float(number)] = None
                if both:
                    found[-float(number)] = None
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


def _sign(value: float) -> str:
    return "+" if value > 0 else "-" if value < 0 else "0" if value == 0 else _ANY_SIGN


def _listed(signs: set[str]) -> str:
    return "".join(sign for sign in _ANY_SIGN if sign in signs)
