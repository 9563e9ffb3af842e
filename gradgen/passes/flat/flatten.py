"""A program with ways in; the same program out, its gradient 0 where a flat function meets an infinite slope.

The slope of sqrt(u) at u = 0 is infinite, but where u = max(0, d) is held at 0 the function does not move at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradgen.core.program import Program, Way
from gradgen.passes.check import verify
from gradgen.passes.facts import SAME_ZERO, Facts
from gradgen.passes.flat.conditions import Conditions, Test, of_bases
from gradgen.passes.flat.held import flat_ways, held_ways
from gradgen.passes.flat.met import (
    PRODUCTS,
    gradients_above,
    meets_root,
    met_ways,
    zeros_of,
)
from gradgen.passes.flat.reach import above


def flatten(program: Program) -> Program:
    """Give each way whose partial may be infinite the tests that tell where its gradient is 0 all the same."""
    facts = Facts(program)
    raising = {op for op, row in program.rows.items() if row.raises}
    asked = [way for way in program.ways if program.steps[way.source].op in raising]
    infinite = {way: points for way in asked if (points := facts.points(way))}
    if not infinite:
        return program
    flats = flat_ways(facts, {way.into for way in infinite})
    sources = above(program, {way.source for way in infinite})
    products = [s for s in map(program.steps.__getitem__, sources) if s.op in PRODUCTS]
    factors = {arg for step in products for arg in step.args}
    zeros = zeros_of(facts, factors.union(way.into for way in infinite))
    gradients = gradients_above(facts, zeros, sources)
    maker = Conditions(program)
    found = []
    #: The roots whose gradient is 0 where they are although it flows, so that it cannot tell whether it does.
    untold: set[int] = set()
    for way in program.ways:
        if program.tested and meets_root(facts, way):
            untold.add(way.into)
        points = infinite.get(way, ())
        if 0.0 in points and "0" not in facts.signs[way.into]:
            points = tuple(point for point in points if point)
        if not points:
            found.append(way)
            continue
        alive = list(held_ways(facts, way, points, flats[way.into]))
        if not _covered(facts, way, alive):
            alive += met_ways(facts, way, points, gradients[way.source], zeros)
        found.append(maker.told(way, of_bases(facts, alive)))
    flattened = replace(
        program,
        steps=tuple(maker.steps.list),
        ways=tuple(found),
        tested=program.tested - untold,
    )
    return verify(flattened, program)


def _covered(facts: Facts, way: Way, alive: Sequence[tuple[Test, ...]]) -> bool:
    """Whether a way's tests leave out all the points at which its partial is infinite."""
    alone = {group[0] for group in alive if len(group) == 1}
    points = facts.points(way)
    same = facts.program.steps[way.source].op in SAME_ZERO
    root = same and Test(way.source, 0.0) in alone
    return bool(points) and all(
        Test(way.into, point) in alone or (point == 0 and root) for point in points
    )
