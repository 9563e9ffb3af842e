"""What is known of a program's values in; what each line and its slopes may raise for finite inputs out."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gradgen.core.program import Guard, Program, Step, Way
from gradgen.core.rows import ANY, Raise
from gradgen.passes.facts import SAME_ZERO, USUAL, Compared, Facts, comparisons

#: The size of what no double reaches.
_BEYOND = math.log10(sys.float_info.max)
#: Which comparisons with the same number a comparison rules out.
_RULED_OUT = {
    "lt": ("gt", "ge", "eq"),
    "le": ("gt",),
    "gt": ("lt", "le", "eq"),
    "ge": ("lt",),
    "ne": ("eq",),
    "eq": ("lt", "gt"),
}
#: The signs that a comparison with 0 asks for.
_SIGNS = {"lt": "-", "le": "-0", "eq": "0", "ge": "0+", "gt": "+"}
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}


@dataclass(frozen=True)
class Raising:
    """A rule of the table that may hold: for which ways, if it speaks of slopes, and in which branches, if not in all."""

    rule: Raise
    ways: Sequence[Way]
    branches: Sequence[Guard]


@dataclass(frozen=True)
class Rules:
    """The rules of the table, asked of the values of a program."""

    facts: Facts

    @property
    def program(self) -> Program:
        """The program that the facts are of."""
        return self.facts.program

    @cached_property
    def flowing(self) -> Mapping[int, Sequence[Way]]:
        """The ways of the gradient, by the value that they come from."""
        found: dict[int, list[Way]] = {}
        for way in self.program.ways:
            found.setdefault(way.source, []).append(way)
        return found

    @cached_property
    def passing(self) -> Mapping[int, Sequence[Way]]:
        """The ways from a quotient past its denominator, by the denominator."""
        found: dict[int, list[Way]] = {}
        for way in self.program.ways:
            if way.below:
                found.setdefault(way.below[-1], []).append(way)
        return found

    def raising(self, value: int, strict: bool) -> Iterator[Raising]:
        """Yield what a line and its slopes may raise for finite inputs."""
        for rule in self.program.rows[self.program.steps[value].op].raises:
            if strict or not rule.missing:
                yield from self._holds(value, rule)

    def missing(self, value: int) -> Iterator[Raising]:
        """Yield the slopes of a value that do not exist somewhere."""
        for rule in self.program.rows[self.program.steps[value].op].raises:
            if rule.missing:
                yield from self._holds(value, replace(rule, when=rule.missing))

    def _holds(self, value: int, rule: Raise) -> Iterator[Raising]:
        step = self.program.steps[value]
        params = self.program.rows[step.op].params
        said = next(iter(comparisons(rule.when, params)), None)
        ways: Sequence[Way] = ()
        branches: Sequence[Guard] = [step.guard]
        if rule.partial is not None:
            # Past a denominator what an operation's own slope raises is not asked; what has no slope has none there either.
            past = self.passing.get(value, ()) if rule.missing else ()
            own = [w for w in self.flowing.get(value, ()) if not w.below]
            ways = [
                w
                for w in (*own, *past)
                if rule.partial in (ANY, w.place) and not self._covered(w)
            ]
            if not ways or self._rules_out(said, ways):
                return
            branches = self.program.active.get(value, branches)
        if said is None and self._stays(value, rule):
            return
        stated = [b for b in branches if not self._excludes(b, said, step.args)]
        if stated and self._concerns(rule, said, step):
            yield Raising(rule, ways, [branch for branch in stated if branch])

    def _stays(self, value: int, rule: Raise) -> bool:
        """Whether a power, which a rule in words says may overflow, or its slope is no larger than what an input may be."""
        sizes, step = self.facts.sizes, self.program.steps[value]
        if rule.error != "OverflowError":
            return False
        if rule.partial is None:
            return sizes[value][1] < USUAL[1]
        if rule.exponent_below is None:
            return False
        least, most = sizes[step.args[0]]
        slope = self.facts.number(step.args[1]) - 1
        return max(least * slope, most * slope) < USUAL[1]

    def _concerns(self, rule: Raise, said: Compared | None, step: Step) -> bool:
        """Whether a rule's condition, which compares this, can hold for a step with these operands."""
        constant = [self.facts.steps.sizes[arg] is not None for arg in step.args]
        if said is not None and said.op in _SIGNS and not said.size and not said.number:
            signs = self.facts.usual_signs[step.args[said.place]]
            if not constant[said.place] and {*_SIGNS[said.op]}.isdisjoint(signs):
                return False
        if rule.variable is not None and constant[rule.variable]:
            return False
        if said is not None and not self._reached(said, step):
            return False
        if any(number < 0 or number > 0 for number in self._zeros(rule, step)):
            return False  # a constant is not 0
        if rule.step_only:
            return any(
                not c and self.program.steps[a].op != "input"
                for a, c in zip(step.args, constant)
            )
        if rule.exponent_below is not None:
            return not self.facts.number(step.args[-1]) >= rule.exponent_below
        if rule.base_at_most is not None:
            return not self.facts.number(step.args[0]) > rule.base_at_most
        return True

    def _zeros(self, rule: Raise, step: Step) -> Iterator[float]:
        """Yield the operands that must be 0 where a rule holds, as numbers."""
        params = self.program.rows[step.op].params
        for one in comparisons(rule.when, params, "and"):
            if one.op == "eq" and one.number == 0:
                yield self.facts.number(step.args[one.place])

    def _reached(self, said: Compared, step: Step) -> bool:
        """Whether an operand can be as large as a condition says, where the inputs are of usual size."""
        value, bound = step.args[said.place], said.number
        high = self.facts.sizes[value][1]
        if math.isinf(bound):
            return high > _BEYOND
        sign = "+" if said.op in ("gt", "ge") else "-"
        if said.op in ("eq", "ne") or ((bound > 0) != (sign == "+") and bound):
            return True  # which is no bound of size
        if not said.size:
            wanted = _SIGNS[said.op] if not bound else sign
            if {*wanted}.isdisjoint(self.facts.usual_signs[value]):
                return False
        least = math.log10(abs(bound)) if bound else -math.inf
        return high >= least if said.op in ("le", "ge") else high > least

    def _excludes(
        self, branch: Guard, said: Compared | None, args: Sequence[int]
    ) -> bool:
        """Whether a branch's own conditions rule out, in as many words, what a rule says of these operands."""
        if said is None or said.size:
            return False
        for test, wanted in branch:
            step = self.program.steps[test]
            if step.op not in _OPPOSITE or step.args[0] != args[said.place]:
                continue
            op = step.op if wanted else _OPPOSITE[step.op]
            same = self.facts.number(step.args[1]) == said.number
            if same and said.op in _RULED_OUT[op]:
                return True
        return False

    def _covered(self, way: Way) -> bool:
        """Whether a way's tests leave out all the points at which its partial is infinite."""
        points = self.facts.points(way)
        if not points:
            return False
        at = {t for test in way.alive for t in self.asked(test)}
        same = self.program.steps[way.source].op in SAME_ZERO
        root = same and (way.source, 0.0) in at
        return all((way.into, p) in at or (p == 0 and root) for p in points)

    def asked(self, test: int) -> list[tuple[int, float]]:
        """Return the values and numbers that a test alone tells apart."""
        steps = self.program.steps
        if steps[test].op != "ne":
            return []
        value, other = steps[test].args
        number = self.facts.number(other)
        if steps[value].op == "abs" and value not in self.program.names:
            value = steps[value].args[0]
            return [(value, number), (value, -number)]
        return [(value, number)]

    def _rules_out(self, said: Compared | None, ways: Sequence[Way]) -> bool:
        """Whether all these ways ask for a branch of their operand in which what a rule compares is ruled out."""
        steps = self.program.steps
        for way in ways:
            step, args = steps[way.into], [*steps[way.source].args]
            if step.op != "where":
                return False
            condition, yes, no = step.args
            for test in way.alive:
                wanted = steps[test].op != "not"
                if (test if wanted else steps[test].args[0]) == condition:
                    args[way.place] = yes if wanted else no
                    if self._excludes(((condition, wanted),), said, args):
                        break
                    return False
            else:
                return False
        return bool(ways)
