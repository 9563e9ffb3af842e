"""Steps in; their derivatives, in the same steps, out: by the chain rule in reverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

from gradgen.core.build import Steps
from gradgen.core.notation import read
from gradgen.core.program import Step, Way


class Part(NamedTuple):
    """What a way brings to an adjoint, and what the adjoint is with it."""

    way: Way
    value: int
    total: int
    adds: bool


class Chain:
    """The chain rule over steps, under the options that choose adjoints."""

    def __init__(
        self,
        steps: Steps,
        lines: Iterable[int] = (),
        precise: bool = False,
        strict: bool = False,
    ) -> None:
        self.steps = steps
        #: The values that have names, under which no sign is looked for.
        self.named = {*lines}
        #: The values that are gradients with names.
        self.adjoints: set[int] = set()
        self.precise = precise
        self.strict = strict

    def reverse(self, ways: Iterable[Way], seeds: Mapping[int, int]) -> Iterator[Part]:
        """Yield what flows along each way, in order; `seeds` are the upstream gradients of the results."""
        adjoints = dict(seeds)
        made = {*seeds.values()}
        self.named |= made
        before: tuple[Way, bool] | None = None
        for way in ways:
            adds = way.into in adjoints
            first = (
                before is not None and before[0].source == way.source and not before[1]
            )
            shared = first and before is not None and adjoints.get(before[0].into)
            value = self.partial(way, adjoints[way.source], shared or None)
            if value in made and not adds:
                # Passed on: an adjoint of its own, and no operation.
                value = self.steps.append(
                    self.copied(value, f"{way.source}.{way.place}")
                )
            total = self.add(adjoints[way.into], value) if adds else value
            adjoints[way.into] = total
            made.add(total)
            self.named.add(total)
            self.adjoints.add(total)
            before = way, adds
            yield Part(way, value, total, adds)

    def partial(self, way: Way, d: int, shared: int | None = None) -> int:
        """Return what an adjoint brings along a way.

        Args:
            way: the way.
            d: the upstream gradient.
            shared: of a quotient, the gradient of its numerator, which is d over its denominator already.
        """
        value = self._rule(way, d, shared)
        tests = [*way.alive] if way.branch is None else [way.branch, *way.alive]
        if way.moving or way.steep:
            tests.append(self.make("ne", d, self.steps.const(0)))
        if not tests:
            return value
        taken = reduce(lambda a, b: self.make("and", a, b), tests)
        return self.make("where", taken, value, self.steps.const(0))

    def _rule(self, way: Way, d: int, shared: int | None) -> int:
        steps = self.steps
        step = steps[way.source if way.below is None else way.below]
        row = steps.rows[step.op]
        scope = dict(zip(row.params, step.args), out=way.source, d=d)
        if way.below is not None:
            return read(
                row.over[way.place], {**scope, "den": way.below}, steps, self.make
            )
        if step.op == "div" and way.place == 1 and shared is not None:
            return self.make("mul", self.make("neg", way.source), shared)
        if step.op == "div" and steps.sizes[step.args[1]] is not None:
            return self.make("mul", self.make("inv", step.args[1]), d)
        precise = self.precise or step.data == "precise"
        text = row.adjoint(way.place, precise, self.strict)
        assert text
        return read(text, scope, steps, self.make)

    def copied(self, value: int, what: str) -> Step:
        """Return the step of a value that is no other operation but has another name, and is told apart by that."""
        return Step("copy", (value,), what)

    def add(self, total: int, value: int) -> int:
        """Return a sum, in which what is negative is taken away."""
        positive, negative = self.signless(value)
        return self.make("sub" if negative else "add", total, positive)

    def signless(self, value: int) -> tuple[int, bool]:
        """Return a value without the sign that its text begins with, and whether it does with one."""
        step, number = self.steps[value], self.steps.number(value)
        if isinstance(number, (Fraction, float)) and number < 0:
            return self.steps.const(-number), True
        if value in self.named or step.op not in ("neg", "mul", "div", "where"):
            return value, False
        if step.op == "neg":
            return step.args[0], True
        if step.op == "where" and self.steps.number(step.args[2]) != 0:
            return value, False
        place = 1 if step.op == "where" else 0
        inner, negative = self.signless(step.args[place])
        if not negative:
            return value, False
        args = (*step.args[:place], inner, *step.args[place + 1 :])
        return self.make(step.op, *args), True

    def negated(self, value: int) -> int:
        """Return minus a value, with the sign in front of its text."""
        positive, negative = self.signless(value)
        if negative:
            return positive
        step = self.steps[value]
        if value not in self.named and step.op in ("mul", "div"):
            return self.make(step.op, self.negated(step.args[0]), step.args[1])
        if value not in self.named and step.op == "inv":
            return self.make("div", self.steps.const(-1), step.args[0])
        return self.make("neg", value)

    def make(self, op: str, *args: int) -> int:
        """Return an operation in an adjoint, by what has been made already and without needless factors."""
        steps = self.steps
        if op in ("**", "pow"):
            return steps.power(*args)
        numbers = [steps.number(arg) for arg in args]
        if op == "mul" and 1 in numbers:
            other = args[1] if numbers[0] == 1 else args[0]
            turned = steps[other].op == "neg" and other not in self.named
            return self.negated(steps[other].args[0]) if turned else other
        if op == "mul" and -1 in numbers:
            return self.make("neg", args[1] if numbers[0] == -1 else args[0])
        if op in ("mul", "add"):
            known = self._known(op, *args)
            if known is not None:
                return known
        if op == "mul" and args[0] == args[1]:
            return self.make("sqr", args[0])
        if op == "mul" and steps.sizes[args[0]] is not None:
            divisor = self._divisor(args[0])
            if divisor is not None:
                positive, negative = self.signless(divisor)
                above = self.make("neg", args[1]) if negative else args[1]
                return self.make("div", above, positive)
        if op == "mul" and self._is_half(args[1]):
            # The slope of a square under a root: 2*u * (1/2/v) is u/v.
            twice = steps[args[0]]
            if twice.op == "mul" and steps.number(twice.args[0]) == 2:
                return self.make("div", twice.args[1], steps[args[1]].args[1])
        if op == "neg" and args[0] not in self.adjoints:
            positive, negative = self.signless(args[0])
            if negative:
                return positive
            if steps[args[0]].op == "neg":
                return steps[args[0]].args[0]
        if op == "div" and numbers[1] == 1:
            return args[0]
        if op == "div":
            inverse = steps.find("inv", args[1])
            if inverse is not None and numbers[0] == 1:
                return inverse
            product = None if inverse is None else steps.find("mul", args[0], inverse)
            if product is not None:
                return product
            if numbers[0] == 1:
                return steps.emit("inv", args[1])
        return steps.emit(op, *args)

    def _known(self, op: str, a: int, b: int) -> int | None:
        """Return the line of a sum or a product in the other order, or of a product with another sign."""
        same = self._line(op, b, a)
        if same is not None or op == "add":
            return same
        minus_a, minus_b = self._opposite(a), self._opposite(b)
        if minus_a is None and minus_b is None:
            return None
        for x, y, turned in (
            (minus_a, b, True),
            (a, minus_b, True),
            (minus_a, minus_b, False),
        ):
            if x is not None and y is not None:
                found = self._line(op, x, y)
                found = self._line(op, y, x) if found is None else found
                if found is not None:
                    return self.make("neg", found) if turned else found
        return None

    def _line(self, op: str, *args: int) -> int | None:
        found = self.steps.find(op, *args)
        return found if found in self.named else None

    def _opposite(self, value: int) -> int | None:
        """Return minus a value, if one of the two is the other's negative."""
        step = self.steps[value]
        return step.args[0] if step.op == "neg" else self._line("neg", value)

    def _is_half(self, value: int) -> bool:
        step = self.steps[value]
        half = step.op == "div" and self.steps.number(step.args[0]) == Fraction(1, 2)
        return half and value not in self.named

    def _divisor(self, value: int) -> int | None:
        """Return c where a constant is 1/c and no double: a division by 3 is one rounding, a product with 1/3 two."""
        step, number = self.steps[value], self.steps.number(value)
        if step.op == "inv":
            return step.args[0]
        if isinstance(number, Fraction) and abs(number.numerator) == 1:
            dyadic = number.denominator & (number.denominator - 1) == 0
            return None if dyadic else self.steps.const(1 / number)
        return None
