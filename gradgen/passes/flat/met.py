"""The ways of a gradient in; which of them it is 0 on where it meets an infinite slope, out: from above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from gradgen.core.program import Way
from gradgen.passes.facts import SAME_ZERO, Facts
from gradgen.passes.flat.conditions import UPSTREAM, Test
from gradgen.passes.flat.near import HOLDING, exponent, power_of, value_of
from gradgen.passes.flat.reach import below

#: The most factors of a product that are looked at.
_FACTORS = 8
#: Operations whose slope by one operand may be 0 where the other is.
PRODUCTS = ("mul", "div", "inv")
#: Operations of one operand whose slope is never 0.
# fmt: off
_STEEP = (
    "inv", "exp", "exp2", "expm1", "sinh", "asinh", "atan", "log", "log2", "log10", "log1p", "sqrt",
)
# fmt: on
#: Operations that hand their gradient on as it is.
_PASSING = ("copy", "add", "sub", "neg", "where")


@dataclass(frozen=True)
class Above:
    """What is known of the gradient of a value.

    Attributes:
        held: whether it is 0 where an operation further up holds on to another operand.
        factors: the values that it is 0 with.
        bent: whether it depends on what has an infinite slope, though it is never 0 by that.
        lost: whether it may be 0 where the function moves all the same, as that of sqrt(x) in sqrt(x)**2.
    """

    held: bool = False
    factors: frozenset[int] = frozenset()
    bent: bool = False
    lost: bool = False

    def through(self, way: Above) -> Above:
        """Return what is known one operation further down."""
        if way is _NOTHING:
            return self
        return Above(
            self.held or way.held,
            frozenset(islice(sorted(self.factors | way.factors), _FACTORS)),
            self.bent or way.bent,
            self.lost or way.lost,
        )

    def beside(self, other: Above) -> Above:
        """Return what is known of a sum."""
        bent = self.bent or other.bent
        lost = self.lost or other.lost or bent
        both = self.factors & other.factors
        return Above(self.held and other.held, both, bent, lost)


#: What an operation that hands its gradient on adds.
_NOTHING = Above()


def met_ways(
    facts: Facts, way: Way, points: Sequence[float], above: Above, zeros: Zeros
) -> Iterator[tuple[Test, ...]]:
    """Yield the test of the gradient that comes down, if that is 0 at the very point and the product is 0 as well.

    Where w = 0 and w has a slope, that of w*s is s dw, however steep s is, if only s has a value.
    """
    beside = [
        point
        for point in points
        if point and any(_vanishes(facts, f, way.into, point) for f in above.factors)
    ]
    if beside:
        for point in beside:
            yield (Test(way.into, point),)
    elif 0.0 in points and above.factors & {way.source, *zeros.same[way.into]}:
        at_root = facts.program.steps[way.source].op == "sqrt"
        yield (Test(way.source if at_root else way.into, 0.0),)
    elif above.lost:
        return
    elif above.held or (0.0 in points and above.factors & zeros.enough[way.into]):
        yield (UPSTREAM,)


def _vanishes(facts: Facts, factor: int, value: int, point: float) -> bool:
    """Whether a factor that is made of one value in a few operations, as 1 - x of x, is 0 where that is at a point."""
    known: dict[int, float | None] = {value: point}
    todo = [factor]
    for _ in range(_FACTORS):
        if not todo:
            break
        at = todo[-1]
        step = facts.program.steps[at]
        if step.op == "input" and at not in known:
            return False
        missing = [a for a in facts.program.variables(at) if a not in known]
        if at in known or not missing:
            todo.pop()
            if at not in known:
                known[at] = value_of(
                    step, [known.get(a, facts.number(a)) for a in step.args]
                )
        else:
            todo += missing
    return known.get(factor) == 0


def meets_root(facts: Facts, way: Way) -> bool:
    """Whether a partial is 0 where a root is, and the two together are not: 2*r of r**2."""
    steps = facts.program.steps
    step, root = steps[way.source], steps[way.into]
    if way.into not in facts.program.tested or 0.0 not in facts.singular(root, 0):
        return False
    order = exponent(facts, root)
    if step.op in ("sqr", "powi"):
        return order * power_of(facts, step) <= 1
    if step.op != "mul":
        return False
    other = steps[step.args[1 - way.place]]
    steep = other.op not in ("input", "const") and 0.0 in facts.singular(other, 0)
    return steep and order + exponent(facts, other) <= 1


@dataclass(frozen=True)
class Zeros:
    """By value: the values that are 0 exactly where it is, and those whose being 0 is enough."""

    same: dict[int, frozenset[int]]
    enough: dict[int, frozenset[int]]


def zeros_of(facts: Facts, asked: set[int]) -> Zeros:
    """Return the zeros of values, and of all that these are made of."""
    program = facts.program
    inputs = {value: frozenset({value}) for value in program.signature}
    found = Zeros(inputs, {**inputs})
    for value in below(program, asked):
        step = program.steps[value]
        first, second = (*step.args, None)[:2]
        same = enough = frozenset({value})
        if first in program.constants and step.op == "mul":
            first, second = second, first
        if first in found.same and first is not None:
            scaled = step.op in ("mul", "div") and second in program.constants
            if scaled or step.op in SAME_ZERO:
                same |= found.same[first]
                enough |= found.enough[first]
            elif step.op in ("mul", "div"):
                enough |= found.enough[first]
                if step.op == "mul" and second in found.enough and second is not None:
                    enough |= found.enough[second]
        found.same[value] = frozenset(islice(sorted(same), _FACTORS))
        found.enough[value] = frozenset(islice(sorted(enough), _FACTORS))
    return found


def gradients_above(facts: Facts, zeros: Zeros, wanted: set[int]) -> dict[int, Above]:
    """Return what is known of the gradients of values, with which come all from which these flow."""
    program = facts.program
    steep: set[int] = set()
    for value in program.lines:
        step = program.steps[value]
        places = range(len(step.args)) if program.rows[step.op].raises else ()
        if any(facts.singular(step, place) for place in places) or not steep.isdisjoint(
            step.args
        ):
            steep.add(value)
    found = {value: Above() for _, value in program.outputs}
    for way in program.ways:
        if way.into not in wanted:
            continue
        slope = found[way.source].through(_slope(facts, way, steep, zeros.enough))
        before = found.get(way.into)
        found[way.into] = slope if before is None else before.beside(slope)
    return found


def _slope(
    facts: Facts, way: Way, steep: set[int], enough: Mapping[int, frozenset[int]]
) -> Above:
    """Return what a partial adds to what is known of a gradient."""
    steps = facts.program.steps
    step, into = steps[way.source], steps[way.into]
    inner = into.op != "input"
    root = inner and into.op in SAME_ZERO and bool(facts.singular(into, 0))
    if step.op in _PASSING:
        return _NOTHING
    if step.op == "heaviside":
        return Above(held=True)
    if step.op in HOLDING:
        limit = None if step.op == "relu" else step.args[1 - way.place]
        if not root or (limit is not None and limit not in facts.program.constants):
            return Above(held=True)
        # Whether the limit holds where the root is 0.
        at_zero = 0.0 if limit is None else facts.number(limit)
        if step.op == "min":
            at_zero = -at_zero
        return Above(held=at_zero > 0, lost=at_zero == 0)
    if step.op in ("mul", "div"):
        return _slope_of_product(facts, way, steep, enough)
    if way.into not in steep:
        return Above()  # and no line below it has an infinite partial
    if step.op in _STEEP:
        return Above(bent=True)
    if step.op in ("sqr", "powi"):
        if "0" not in facts.signs[way.into]:
            return Above(bent=True)
        if root and power_of(facts, step) * exponent(facts, into) > 1:
            return Above(factors=frozenset({way.into}))  # sqrt(u)**3 is u**1.5
    return Above(lost=True)


def _slope_of_product(
    facts: Facts, way: Way, steep: set[int], enough: Mapping[int, frozenset[int]]
) -> Above:
    """Return the same of u*v and u/v."""
    step = facts.program.steps[way.source]
    factor, bent = (step.args[0] if way.below else step.args[1 - way.place]), False
    if way.below or (step.op == "div" and way.place == 1):
        factor, bent = step.args[0], way.into in steep
    elif step.op == "div":
        return Above(bent=factor in steep)
    if factor in facts.program.constants:
        return Above(bent=bent)
    never = "0" not in facts.signs[factor]
    if factor in steep:
        return Above(bent=True, lost=not never)
    return Above(factors=frozenset() if never else enough[factor], bent=bent)
