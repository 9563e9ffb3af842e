"""Operations of a line in; the same in fewer signs and constant factors out, where that rounds alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from gradgen.core.build import Steps
from gradgen.core.program import Step
from gradgen.core.rows import Number
from gradgen.passes.constants import called
from gradgen.passes.signs import negated, negative

#: Far below the largest double.
_LARGE = 2**1000


class Algebra:
    """Makes operations of a line: signs in front, and constant factors as one where that rounds alike."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        #: What has a name, and is not looked into.
        self.known: dict[int, str] = {}
        #: What is no more than a name, a number or their negative, by its value.
        self.light: dict[int, int] = {}

    def make(self, op: str, *args: int) -> int:
        """Return an operation, its sign in front, and constant factors as one where that rounds alike."""
        steps, known = self.steps, self.known
        sums = op in ("add", "sub")
        signs = [
            negative(steps, arg, known, sums and place > 0)
            for place, arg in enumerate(args)
        ]
        if op == "neg":
            return negated(steps, args[0], known) if signs[0] is None else signs[0]
        if op in ("mul", "div") and any(sign is not None for sign in signs):
            signless = [a if sign is None else sign for a, sign in zip(args, signs)]
            made = self.make(op, *signless)
            return negated(steps, made, known) if None in signs else made
        if op == "add" and signs[1] is not None:
            return self.make("sub", args[0], signs[1])
        if op == "add" and signs[0] is not None:
            return self.make("sub", args[1], signs[0])
        if op == "sub" and signs[1] is not None:
            return self.make("add", args[0], signs[1])
        if op == "mul":
            below = self._below_1(args[1])
            if below is not None:
                return self.make("div", args[0], below)
            (left, a), (right, b) = map(self._scale, args)
            if left != 1 or right != 1:
                return self._scaled(left * right, self._product(a, b))
            for number, other in zip(map(steps.number, args), args[::-1]):
                if number in (1, -1) and not isinstance(number, bool):
                    return other if number == 1 else negated(steps, other, known)
        try:
            return steps.emit(op, *args)
        except ArithmeticError:  # as 1/0, which raises when the module runs
            return steps.append(Step(op, args))

    def _product(self, a: int | None, b: int | None) -> int | None:
        if a is None or b is None:
            return b if a is None else a
        return self.steps.emit("mul", a, b)

    def _below_1(self, value: int) -> int | None:
        """Return d where a value is 1/d and has no name."""
        step = self.steps[value]
        if value in self.known or step.op not in ("inv", "div"):
            return None
        whole = step.op == "inv" or self._digits(step.args[0]) == 1
        return step.args[-1] if whole else None

    def _scale(self, value: int) -> tuple[Fraction, int | None]:
        """Return the power of 2 that a product begins with, which may stand in front of any other, and what it is a factor of."""
        number = self._digits(value)
        if isinstance(number, Fraction) and _is_power_of_2(number):
            return number, None
        step = self.steps[value]
        if step.op == "mul" and value not in self.known:
            factor, rest = self._scale(step.args[0])
            if factor != 1:
                return factor, self._product(rest, step.args[1])
        return Fraction(1), value

    def _scaled(self, factor: Fraction, value: int | None) -> int:
        """Return a product with a power of 2, which goes into a number that there is, or is its first factor."""
        steps = self.steps
        if value is None or factor == 1:
            return steps.const(factor) if value is None else value
        step, number = steps[value], self._digits(value)
        if isinstance(number, Fraction):
            return steps.const(factor * number)
        scaled = None if value in self.known else _exactly(factor, number)
        if scaled is not None:
            return steps.const(scaled)
        if step.op == "mul" and value not in self.known:
            one, other = step.args
            if self._has_number(one) or not self._has_number(other):
                return self._with(self._scaled(factor, one), other)
            made = self._scaled(factor, other)
            if steps.number(made) is not None:
                return self._with(made, one)
            return self._with(one, made)
        return steps.append(Step("mul", (steps.const(factor), value)))

    def _with(self, one: int, other: int) -> int:
        """Return a product of what has just been scaled, which may have come to 1, -1 or something with a sign."""
        signs = (negative(self.steps, arg, self.known) for arg in (one, other))
        if self.steps.number(one) in (1, -1) or any(sign is not None for sign in signs):
            return self.make("mul", one, other)
        return self.steps.append(Step("mul", (one, other)))

    def _has_number(self, value: int) -> bool:
        """Whether a number without a name is a factor of a value."""
        if isinstance(self._digits(value), (Fraction, float)):
            return value not in self.known
        step = self.steps[value]
        product = step.op == "mul" and value not in self.known
        return product and any(map(self._has_number, step.args))

    def _digits(self, value: int) -> Number | None:
        """Return what a constant without a name is."""
        number = self.steps.number(value)
        return None if number is None or called(number)[0] else number

    def halved(self, value: int) -> int:
        """Return a value in which what is divided by a power of 2, and is no product, is multiplied: that rounds alike, and is faster."""
        step = self.steps[value]
        if value in self.known or not step.args:
            return value
        args = tuple([self.halved(arg) for arg in step.args])
        if step.op == "div" and self._is_whole(args[0]):
            below = self._digits(args[1])
            exact = isinstance(below, Fraction) and _is_power_of_2(below)
            if isinstance(below, Fraction) and exact and 1 < below < _LARGE:
                # As a double it stays where it is, also behind a factor that is next to 0.
                return self.make("mul", self.steps.const(float(1 / below)), args[0])
        if args == step.args:
            return value
        return self.steps.append(step._replace(args=args))

    def _is_whole(self, value: int) -> bool:
        """Whether a value is no constant, product or quotient, but for its sign."""
        step = self.steps[value]
        if value not in self.known and step.op == "neg":
            return self._is_whole(step.args[0])
        parts = value not in self.known and step.op in ("mul", "div", "inv")
        return not parts and not self.steps.is_constant(value)

    def put(self, value: int, places: Mapping[int, int], true: frozenset[int]) -> int:
        """Return a value with others in the places of what has names, under conditions that are known to hold."""
        if value in places:
            return self._under(places[value], true)
        if value in self.light:
            return self.light[value]
        if value in self.known:
            return value
        step = self.steps[value]
        if not step.args:
            return value
        if step.op == "copy":
            return self.put(step.args[0], places, true)
        if step.op == "where":
            condition = self.put(step.args[0], places, true)
            holds = true | {*self._parts(condition)}
            fails = true | {self.steps.emit("not", condition)}
            args: tuple[int, ...] = (
                condition,
                self.put(step.args[1], places, holds),
                self.put(step.args[2], places, fails),
            )
        else:
            args = tuple([self.put(arg, places, true) for arg in step.args])
        return self.make(step.op, *args)

    def _under(self, value: int, true: frozenset[int]) -> int:
        """Return what a guarded value is where these conditions hold."""
        step = self.steps[value]
        if step.op == "where" and true.issuperset(self._parts(step.args[0])):
            return step.args[1]
        return value

    def _parts(self, condition: int) -> Iterator[int]:
        """Yield the conditions that all hold where this one does."""
        step = self.steps[condition]
        if step.op != "and" or condition in self.known:
            yield condition
            return
        for arg in step.args:
            yield from self._parts(arg)


def _exactly(factor: Fraction, number: Number | None) -> float | None:
    """Return a double times a power of 2 where that is a double, too; None where it is not."""
    if not isinstance(number, float):
        return None
    scaled = float(factor) * number
    return scaled if math.isfinite(scaled) and scaled / factor == number else None


def _is_power_of_2(number: Fraction) -> bool:
    above, below = number.numerator, number.denominator
    return above > 0 and above & (above - 1) == 0 and below & (below - 1) == 0
