"""Steps in; their derivatives, in the same steps, out: by the chain rule in reverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import NamedTuple

from gradgen.core.build import Steps
from gradgen.core.notation import read
from gradgen.core.program import Way
from gradgen.core.tidy import Tidy


class Part(NamedTuple):
    """What a way brings to an adjoint, without its sign where it is added, and what the adjoint is with it."""

    way: Way
    value: int
    total: int
    sign: str


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
        self.tidy = Tidy(steps, lines)
        self.precise = precise
        self.strict = strict

    def reverse(self, ways: Iterable[Way], seeds: Mapping[int, int]) -> Iterator[Part]:
        """Yield what flows along each way, in order; `seeds` are the upstream gradients of the results."""
        adjoints = dict(seeds)
        made = {*seeds.values()}
        self.tidy.named |= made
        before: Way | None = None  # to whose adjoint nothing else has come yet
        for way in ways:
            adds = way.into in adjoints
            beside = before is not None and before.source == way.source
            shared = adjoints[before.into] if before and beside else None
            value = self.partial(way, adjoints[way.source], shared)
            if value in made and not adds:
                # Passed on: an adjoint of its own, and no operation.
                value = self.tidy.copy(value, f"{way.source}.{way.place}")
            total, sign = value, "="
            if adds:
                total, value, sign = self.tidy.add(adjoints[way.into], value)
            adjoints[way.into] = total
            made.add(total)
            self.tidy.name(total)
            before = None if adds else way
            yield tuple.__new__(Part, (way, value, total, sign))

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
            tests.append(self.tidy.make("ne", d, self.steps.const(0)))
        if not tests:
            return value
        taken = reduce(lambda a, b: self.tidy.make("and", a, b), tests)
        return self.tidy.make("where", taken, value, self.steps.const(0))

    def _rule(self, way: Way, d: int, shared: int | None) -> int:
        steps = self.steps
        step = steps.list[way.source if way.below is None else way.below]
        row = steps.rows[step.op]
        if way.below is not None:
            # d(n/u)/du is -n/u times the slope of log(u), and d(n*u)/du is n*u times it.
            op, args, *_ = steps[way.source]
            scope = dict(zip(row.params, step.args), d=d, den=way.below, out=steps.const(-1) if op == "log" else way.source)  # fmt: skip
            value = read(row.past(way.place, self.strict), scope, steps, self.tidy.make)
            return self.tidy.make("neg", value) if op == "mul" and way.below in args else value  # fmt: skip
        if step.op == "div" and way.place == 1 and shared is not None:
            return self.tidy.make("mul", self.tidy.make("neg", way.source), shared)
        constant = step.op == "div" and steps.sizes[step.args[1]] is not None
        if constant and step.args[1] not in self.tidy.named:
            return self.tidy.make("mul", self.tidy.make("inv", step.args[1]), d)
        precise = self.precise or step.data == "precise"
        text = row.adjoint(way.place, precise, self.strict)
        assert text
        if text == "d":  # as of sums
            return d
        scope = dict(zip(row.params, step.args), out=way.source, d=d)
        return read(text, scope, steps, self.tidy.make)
