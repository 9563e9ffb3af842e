"""Tests of values in; the conditions that say them, as steps of the program, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from gradgen.core.build import Steps, steps_of
from gradgen.core.program import Program, Way
from gradgen.core.tidy import Tidy
from gradgen.passes.facts import Facts


@dataclass(frozen=True)
class Test:
    """What a way asks of a value: that it differs from a number or another value, or with `same` that it does not; or of a condition.

    Attributes:
        value: the value or condition; None for the gradient that comes down the way.
        number: the number.
        other: the other value, if it is no number.
        wanted: what the condition must be.
        same: whether the value must not differ.
    """

    value: int | None
    number: float | None = None
    other: int | None = None
    wanted: bool | None = None
    same: bool = False


#: The gradient that comes down a way is not 0.
UPSTREAM = Test(None, 0.0)


class Conditions:
    """Makes conditions of tests."""

    def __init__(self, program: Program) -> None:
        self.steps: Steps = steps_of(program)
        self.make = Tidy(self.steps).make

    def told(self, way: Way, alive: Sequence[Sequence[Test]]) -> Way:
        """Return a way with the conditions of its tests."""
        alone = {group[0] for group in alive if len(group) == 1}
        tests: dict[int, None] = {}
        for group in alive:
            parts = [self.condition(t, group, alone) for t in group if t != UPSTREAM]
            if parts:
                tests[reduce(lambda a, b: self.make("or", a, b), parts)] = None
        steep = any(UPSTREAM in group for group in alive)
        return way._replace(alive=tuple(tests), steep=steep)

    def condition(self, test: Test, group: Sequence[Test], alone: set[Test]) -> int:
        value = test.value
        assert value is not None
        if test.wanted is not None:
            return value if test.wanted else self.make("not", value)
        number = test.number
        if number is None:
            assert test.other is not None
            return self.make("eq" if test.same else "ne", value, test.other)
        single = bool(number) and not test.same and len(group) == 1
        if single and Test(value, -number) in alone:
            value, number = self.make("abs", value), abs(number)
        exact = Fraction(number) if number.is_integer() else number
        return self.make("eq" if test.same else "ne", value, self.steps.const(exact))


def of_bases(facts: Facts, alive: Sequence[tuple[Test, ...]]) -> list[tuple[Test, ...]]:
    """Return tests in which x != 0 stands for x**2 != 0, whose square may have no double."""
    steps = facts.program.steps
    found: dict[tuple[Test, ...], None] = {}
    for group in alive:
        tests = []
        for test in group:
            while test.number == 0 and test.value is not None:
                step = steps[test.value]
                power = facts.number(step.args[1]) if step.op == "powi" else 2
                if step.op not in ("sqr", "powi") or power < 0 or step.guard:
                    break
                if step.args[0] in facts.program.constants:
                    break
                test = Test(step.args[0], 0.0)
            tests.append(test)
        found[tuple(dict.fromkeys(tests))] = None
    return list(found)
