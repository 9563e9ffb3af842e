"""Steps in; their derivatives, in the same steps, out: by the chain rule in reverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import NamedTuple

from gradgen.core.build import Steps
from gradgen.core.notation import read
from gradgen.core.program import Way
from gradgen.core.tidy import Tidy

#: What passes its gradient on.
SUMS = ("add", "sub")


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
        source, above = -1, None  # the gradient of the first operand of this step
        for way in ways:
            adds = way.into in adjoints
            shared = above if source == way.source else None
            value = self.partial(way, adjoints[way.source], shared)
            if value in made and not adds:
                # Passed on: an adjoint of its own, and no operation.
                value = self.tidy.copy(value, f"{way.source}.{way.place}")
            total, sign = value, "="
            if adds:
                total, value, sign = self.tidy.add(adjoints[way.into], value)
            if not (way.place or way.below):
                source, above = way.source, None if adds else total
            adjoints[way.into] = total
            made.add(total)
            self.tidy.name(total)
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
        if way.below:
            return self._past(way, d, shared)
        step = steps.list[way.source]
        row = steps.rows[step.op]
        if step.op == "div" and way.place == 1 and shared is None:
            shared = self.tidy.find("div", d, step.args[1])
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

    def _past(self, way: Way, d: int, shared: int | None) -> int:
        """d(n/u)/du is -n/u times the slope of log(u), and d(n*u)/du is n*u times it; of u = a + b, log(u) has the slope 1/u by a."""
        steps, make, below = self.steps, self.tidy.make, way.below
        head, (op, args, *_) = steps[below[0]], steps[way.source]
        row, place, slope = steps.rows[head.op], way.place, None
        turned = way.taken != (op == "mul" and below[0] in args)
        if shared is not None and below[0] in args[1:] and head.op in SUMS:
            slope, d = shared, steps.const(1)
        for value, inner in zip(below, (*below[1:], way.into)):
            step = steps[value]
            if step.op in SUMS:
                slope = make("inv", value) if slope is None else slope
            elif slope is not None:
                at = place if inner == way.into else step.args.index(inner)
                over = make("div", slope, step.args[1]) if step.op == "div" else None
                hop = self._rule(Way(value, at, inner), slope, over)
                slope, negative = self.tidy.signless(hop)
                turned ^= negative
        out = steps.const(-1) if op == "log" else way.source
        scope = dict(zip(row.params, head.args), d=d, den=below[0], out=out)
        if slope is not None or len(below) > 1:
            base = way.into if slope is None else make("inv", slope)
            place, scope["x"], scope["den"] = 0, base, base
        value = read(row.past(place, self.strict), scope, steps, make)
        return self.tidy.negated(value) if turned else value
