"""What was read and a point of the module's in; values and slopes there out, the slopes by differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath

from gradgen.prove.plain import Plain
from gradgen.prove.points import Point

#: The step of a difference, in parts of the point.
STEP = mpmath.mpf(2) ** -38
#: What is on the verge of being refused is looked at with these: the working precision in bits, and the step of a difference.
_MORE_BITS, SMALLER_STEP = 400, mpmath.mpf(2) ** -120
#: The most bits that are added to those where large values and small ones meet; what is larger is not compared.
_MOST_BITS = 960
#: A part by which numbers may differ at all.
FINE = mpmath.mpf(1e-8)


class Truth:
    """What was read, asked at points in the order of the module's inputs.

    Args:
        plain: what was read.
        inputs: the module's inputs.
    """

    def __init__(self, plain: Plain, inputs: Sequence[str]) -> None:
        self.plain = plain
        places = {name: place for place, name in enumerate(inputs)}
        self._places = [places[name] for name in plain.inputs]

    @property
    def inputs(self) -> int:
        """How many inputs it has."""
        return len(self._places)

    def exact(self, at: Point) -> list[Any]:
        """Return a point in the order of what was read."""
        return [mpmath.mpf(at[place]) for place in self._places]

    def sides(
        self, at: Point, ways: Sequence[Any], step: Any
    ) -> tuple[list[Any], list[Any]]:
        """Return the points a step along a direction, and a step against it."""
        point = self.exact(at)
        steps = [step * ways[place] for place in self._places]
        ahead = [x + s for x, s in zip(point, steps)]
        return ahead, [x - s for x, s in zip(point, steps)]

    def summed(self, found: Sequence[Any], seeds: Sequence[float]) -> Any:
        """Return the results' sum with the upstream gradients as weights; None where one has no value."""
        values = self.plain.values(found)
        if None in values:
            return None
        return mpmath.fsum(s * value for s, value in zip(seeds, values))

    def slope(
        self,
        at: Point,
        seeds: Sequence[float],
        ways: Sequence[Any],
        centre: Sequence[Any],
    ) -> Any:
        """Return the results' slope along a direction; None where that of the other side is another."""
        here = self.summed(centre, seeds)
        after, before = (
            self.summed(self.plain.at(side), seeds)
            for side in self.sides(at, ways, SMALLER_STEP)
        )
        if after is None or here is None or before is None:
            return None
        right, left = (after - here) / SMALLER_STEP, (here - before) / SMALLER_STEP
        if abs(right - left) > FINE * (abs(right) + abs(left)):
            return None
        return (right + left) / 2

    def bits(self, at: Point) -> int:
        """Return a precision by which a step still shows beside the largest value."""
        with mpmath.workprec(_MORE_BITS):
            found = self.plain.at(self.exact(at))
            sizes = [mpmath.mag(v) for v in found if isinstance(v, mpmath.mpf) and v]
            span = max(sizes, default=0) - min(sizes, default=0)
        return _MORE_BITS + int(min(span, _MOST_BITS))
