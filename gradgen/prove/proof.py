"""A compiled module and what was read in; an error out where the module is something else at a few points.

The finished text is run, that of a large module assignment by assignment. Its values are compared with a plain evaluation of what was read, its slopes with differences of that.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import mpmath

from gradgen.errors import GradgenError
from gradgen.prove.closer import CloserLook
from gradgen.prove.plain import Plain
from gradgen.prove.points import Point, points
from gradgen.prove.running import BUG, Running
from gradgen.prove.truth import FINE, STEP, Truth

if TYPE_CHECKING:
    from gradgen.pipeline import Compiled

#: The working precision in bits.
_BITS = 120
#: What makes a difference of a step against another ahead a slope.
_RATE = 1 / (2 * STEP)
#: How many points, by what an evaluation costs in additions.
_POINTS = ((60, 3), (20_000, 2), (math.inf, 1))
#: Dearer formulas are looked at less closely, and still dearer ones not at all.
_DEAR, _TOO_DEAR = 3_000, 1_000_000
#: Further points for branches that none has taken: so many, and by what they cost.
_SPARE, _SPARE_COST = 24, 4_000
#: Points that are tried, of a short module and of a long one.
_TRIES, _FEW_TRIES = 1500, 20
#: Closer looks, each of a dozen evaluations; of dear formulas 1.
_LOOKS = 4
#: Slopes below this part of the largest are compared by themselves, along larger steps, up to so much larger.
_MINOR, _STRETCH = 1e-4, 2**16
#: Of more outputs, only sums are compared.
_FEW = 4
_HOW = "name one of its domain with `gradgen verify --at`"


def prove(compiled: Compiled, plain: Plain, what: str = "the formula") -> str:
    """Hold a module to what was read.

    Args:
        compiled: the module.
        plain: what was read.
        what: what to call that.

    Returns:
        Why nothing was compared; empty where something was.

    Raises:
        GradgenError: the module is wrong.
    """
    with mpmath.workprec(_BITS):
        proof = _Proof(compiled, plain, what)
        try:
            return proof.run()
        except (TypeError, AttributeError) as error:
            # Templates of the user's own may make functions of another form.
            if not compiled.recipe.custom_templates:
                raise
            return f"its functions are of another form: {error}"
        finally:
            proof.module.close()


class _Proof:
    def __init__(self, compiled: Compiled, plain: Plain, what: str) -> None:
        self.compiled = compiled
        self.program = compiled.program
        self.plain = plain
        self.what = what
        self.dear = plain.cost >= _DEAR
        self.module = Running(compiled)
        self.truth = Truth(plain, self.program.inputs)
        self.closer = CloserLook(self.truth, self.module, what, self.dear)
        self.random = random.Random(compiled.recipe.source)
        self.compared = 0
        #: Whether a point told of all but small slopes, which are lost in rounding.
        self.partly = False

    def run(self) -> str:
        names = self.module.names
        if len(self.plain.results) != len(names):
            raise GradgenError(
                f"the module has {len(names)} results, and {self.what} {len(self.plain.results)}; {BUG}"
            )
        if self.plain.cost > _TOO_DEAR:
            return f"its functions take too long; {_HOW}"
        try:
            forward = self.module.functions.forward
        except ImportError as error:
            return str(error)
        except AttributeError:
            return "it has no function `forward`"
        spare = min(_SPARE, _SPARE_COST // (self.plain.cost + 1))
        wanted = next(points for most, points in _POINTS if self.plain.cost <= most)
        seen: set[tuple[int, int]] = set()
        raised = ""
        for at in self.points():
            enough = self.compared >= wanted
            if self.closer.looks >= (1 if self.dear else _LOOKS) or (
                enough and not (spare and len(seen) < self.plain.ways)
            ):
                break
            try:
                result, cache = forward(*at)
            except (ArithmeticError, ValueError) as error:
                raised = type(error).__name__
                continue
            except Exception as error:  # noqa: BLE001 - whatever a wrong module raises
                return self.module.broken(error)
            values = result if len(names) > 1 else (result,)
            if not all(map(math.isfinite, values)):
                continue
            ways = self.ways(at)
            ahead, behind = self.truth.sides(at, ways, STEP)
            after = self.plain.tested(ahead)
            taken = self.plain.taken(after)
            if enough:
                # Only a branch that no point has taken is worth another.
                spare -= 1
                if taken <= seen:
                    continue
            self.plain.finish(after)
            before = self.plain.finish(self.plain.tested(behind))
            if self.compare(at, values, cache, ways, after, before):
                self.compared += 1
                seen |= taken
        if self.compared or self.partly:
            return ""
        if raised:
            return f"it raises {raised} at the points that were tried; {_HOW}"
        return f"no point was found where it can be compared; {_HOW}"

    def points(self) -> Iterator[Point]:
        """Yield the points to try, always the same for the same text; fewer of a long module."""
        count = len(self.program.inputs)
        if not count:
            return iter([()])
        size = len(self.program.steps) + 1
        tries = max(_FEW_TRIES, min(_TRIES, 400_000 // size))
        return islice(points(count, self.plain.landmarks(), self.random), tries)

    def ways(self, at: Point) -> list[Any]:
        """Return a direction in which all inputs with a slope move, each in parts of its size."""
        draw = self.random.uniform
        ways = [mpmath.mpf(0)] * len(at)
        for place in self.program.wrt:
            part = draw(0.5, 1.5) * at[place] * (1 if draw(0, 1) < 0.5 else -1)
            ways[place] = mpmath.mpf(part)
        return ways

    # All of these return whether a point says anything, and raise where it says that the module is wrong.

    def compare(
        self,
        at: Point,
        values: Sequence[float],
        cache: Any,
        ways: list[Any],
        after: list[Any],
        before: list[Any],
    ) -> bool:
        """Compare value and gradient at a point, with all values a step along a direction, and a step against it."""
        pairs = list(zip(self.plain.values(after), self.plain.values(before)))
        if any(one is None or other is None for one, other in pairs):
            return False
        at_once = self.module.value_at_once(at)
        told = [*enumerate(values), *([] if at_once is None else [(0, at_once)])]
        for place, value in told:
            true = sum(pairs[place]) / 2
            near = abs(value - true) <= FINE * abs(true)
            if not (near or self.closer.value_is_right(at, place, value, true)):
                return False
        if not self.program.wrt:
            return True
        rates = [(one - other) * _RATE for one, other in pairs]
        for seeds in self.seeds():
            true = mpmath.fsum(s * rate for s, rate in zip(seeds, rates))
            for what, slopes in self.module.slopes(at, cache, seeds):
                if not all(map(math.isfinite, slopes)):
                    return False
                parts = self.parts(slopes, ways)
                if not self.slopes_meet(at, what, seeds, ways, parts, true):
                    return False
                closely = not self.compared and not self.dear
                if closely and not self.minor_meet(at, what, seeds, ways, parts):
                    self.partly = True
                    return False
        return True

    def seeds(self) -> list[list[float]]:
        """Return several upstream gradients: of each output alone, and of all."""
        count = len(self.module.names)
        draw = self.random.uniform
        found = [[draw(0.5, 1.5) for _ in range(count)] for _ in range(2)]
        if 1 < count <= _FEW:
            alone = (
                [1.25 * (i == place) for i in range(count)] for place in range(count)
            )
            found = [*alone, found[0]]
        return found if count > 1 else [[-0.75]]

    def parts(self, slopes: Sequence[float], ways: Sequence[Any]) -> list[Any]:
        """Return what each input adds to the slope along a direction."""
        if len(slopes) != len(self.program.wrt):
            raise GradgenError(
                f"the module returns {len(slopes)} slopes for {len(self.program.wrt)} inputs; {BUG}"
            )
        return [
            mpmath.mpf(s) * ways[place] for s, place in zip(slopes, self.program.wrt)
        ]

    def slopes_meet(
        self,
        at: Point,
        what: str,
        seeds: Sequence[float],
        ways: Sequence[Any],
        parts: Sequence[Any],
        true: Any,
    ) -> bool:
        scale = max(mpmath.fsum(map(abs, parts)), abs(true))
        got = mpmath.fsum(parts)
        if abs(got - true) <= FINE * scale:
            return True
        return self.closer.slope_is_right(at, what, seeds, ways, got, true, scale)

    def minor_meet(
        self,
        at: Point,
        what: str,
        seeds: Sequence[float],
        ways: Sequence[Any],
        parts: Sequence[Any],
    ) -> bool:
        """Compare the small slopes by themselves, so that the large ones do not hide them."""
        largest = max(map(abs, parts))
        least = _MINOR * largest
        stretched = [mpmath.mpf(0)] * len(ways)
        left = []
        for place, part in zip(self.program.wrt, parts):
            if abs(part) < least:
                stretch = (
                    min(float(largest / abs(part)), _STRETCH) if part else _STRETCH
                )
                stretched[place] = stretch * ways[place]
                left.append(stretch * part)
        if not left:
            return True
        one, other = (
            self.truth.summed(self.plain.finish(self.plain.tested(side)), seeds)
            for side in self.truth.sides(at, stretched, STEP)
        )
        if one is None or other is None:
            return False
        true = (one - other) / (2 * STEP)
        return self.slopes_meet(at, what, seeds, stretched, left, true)
