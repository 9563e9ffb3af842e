"""A difference between a module and what was read in; whether rounding may explain it out, and an error where it may not."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import mpmath

from gradgen.errors import GradgenError
from gradgen.prove.points import Point
from gradgen.prove.running import BUG, Running
from gradgen.prove.truth import FINE, SMALLER_STEP, STEP, Truth

#: Relative differences: no matter after a closer look, and wrong even if met at one point alone.
_PASSES, _GROSS = 1e-6, 1e-3
#: A part by which something else would hardly agree: it is enough where rounding explains the rest.
_ENOUGH = 1e-4
#: How many times what rounding was seen to do is no matter either.
_ROOM = 1000
#: Beyond these an operation, or its slope, may have no double.
_SMALL, _LARGE = mpmath.mpf(2) ** -480, mpmath.mpf(2) ** 480
_NO_DOUBLE = mpmath.mpf(2) ** -900
#: How often rounding is asked for, each time there and back; of dear formulas once.
_ROUNDS = 4
#: Slopes are named where there are no more inputs, and of so many results.
_NAMED, _FEW = 100, 4


class CloserLook:
    """What is about to be refused, looked at with more digits; the looks are counted.

    Args:
        truth: what was read.
        module: the module.
        what: what to call what was read.
        dear: whether an evaluation is dear.
    """

    def __init__(self, truth: Truth, module: Running, what: str, dear: bool) -> None:
        self.truth = truth
        self.module = module
        self.what = what
        self.looks = 0
        self._rounds = 1 if dear else _ROUNDS
        self._doubted = 0

    def value_is_right(self, at: Point, place: int, value: float, true: Any) -> bool:
        """Return False where rounding may explain a difference, or what has no double.

        Args:
            at: the point.
            place: which result it is.
            value: the result.
            true: the same with the digits at hand.
        """
        self.looks += 1
        if abs(value - true) <= _ENOUGH * abs(true):
            # One rounding, with the digits at hand, explains most differences.
            point = self.truth.exact(at)
            centre = self.truth.plain.at(point)
            rough = self._rough(point, centre, place, 1)
            if rough and abs(value - true) <= _ROOM * abs(rough[0] - true):
                return True
        with mpmath.workprec(self.truth.bits(at)):
            point = self.truth.exact(at)
            centre = self.truth.plain.at(point)
            true = self.truth.plain.values(centre)[place]
            if true is None or _beyond(centre):
                return False
            off = abs(value - true)
            if off <= FINE * abs(true):
                return True  # the first look was not precise enough
            rough = self._rough(point, centre, place, self._rounds)
            if not rough:
                return False
            doubt = max(_floor(centre), *(abs(one - true) for one in rough))
            if self._may_be(off, abs(true), doubt):
                return bool(off <= _ENOUGH * abs(true))
            raise GradgenError(
                f"the module is wrong: {self.module.names[place]} is {value!r}{self._where(at)}, "
                f"where {self.what} gives {float(true)!r}; {BUG}"
            )

    def slope_is_right(
        self,
        at: Point,
        what: str,
        seeds: Sequence[float],
        ways: Sequence[Any],
        got: Any,
        true: Any,
        scale: Any,
    ) -> bool:
        """The same of a slope along a direction; return False also at a kink or a jump.

        Args:
            at: the point.
            what: the function that returned it.
            seeds: the upstream gradients.
            ways: the direction.
            got: the slope that was returned.
            true: the slope by the differences at hand.
            scale: what its parts add up to.
        """
        self.looks += 1
        if abs(got - true) <= _ENOUGH * scale:
            centre = self.truth.plain.at(self.truth.exact(at))
            found = self._rough_slopes(at, centre, seeds, ways, STEP, 1)
            if found and abs(got - true) <= _ROOM * abs(found[0][0] - true):
                return True
        with mpmath.workprec(self.truth.bits(at)):
            centre = self.truth.plain.at(self.truth.exact(at))
            true = self.truth.slope(at, seeds, ways, centre)
            if true is None or _beyond(centre):
                return False
            off = abs(got - true)
            if off <= FINE * scale:
                return True  # the first look was not precise enough
            found = self._rough_slopes(
                at, centre, seeds, ways, SMALLER_STEP, self._rounds
            )
            if not found:
                return False
            rough, largest = found
            vanishes = abs(true) < _NO_DOUBLE and abs(got) < _NO_DOUBLE
            floor = _floor(centre) / SMALLER_STEP
            doubt = max(floor, *(abs(one - true) for one in rough))
            if doubt * SMALLER_STEP > _GROSS * largest:
                return False  # chaos: no step is so small that rounding does not tell what comes of it
            if vanishes or self._may_be(off, max(scale, abs(true)), doubt):
                # A slope that is 0 but for rounding is right.
                size = self.truth.summed(centre, [abs(seed) for seed in seeds])
                zero = off + _ROOM * doubt <= FINE * abs(size)
                return bool(zero or off <= _ENOUGH * scale)
            raise self._wrong_slope(at, what, seeds, ways, got, true)

    def _rough(
        self, point: Sequence[Any], centre: Sequence[Any], place: int, rounds: int
    ) -> list[Any]:
        """Return a result as doubles might round it, several times; empty where it has no value."""
        plain = self.truth.plain
        rough = [
            plain.values(plain.rough(point, centre, noise))[place]
            for noise in map(_noise, range(rounds))
        ]
        return [] if None in rough else rough

    def _rough_slopes(
        self,
        at: Point,
        centre: Sequence[Any],
        seeds: Sequence[float],
        ways: Sequence[Any],
        step: Any,
        rounds: int,
    ) -> tuple[list[Any], Any] | None:
        """Return the slope as doubles might round it, several times, and the largest value; None where there is none."""
        rough = []
        largest = mpmath.mpf(0)
        sides = self.truth.sides(at, ways, step)
        for number in range(rounds):
            # Both sides are rounded alike: only what depends on the point differs.
            one, other = (
                self.truth.summed(
                    self.truth.plain.rough(side, centre, _noise(number)), seeds
                )
                for side in sides
            )
            if one is None or other is None:
                return None
            rough.append((one - other) / (2 * step))
            largest = max(largest, abs(one), abs(other))
        return rough, largest

    def _may_be(self, off: Any, scale: Any, doubt: Any) -> bool:
        """Whether a difference may be of rounding; a small one is refused where it is met again."""
        if off <= _PASSES * scale + _ROOM * doubt:
            return True
        self._doubted += 1
        return bool(off <= _GROSS * scale) and self._doubted < 2

    def _wrong_slope(
        self,
        at: Point,
        what: str,
        seeds: Sequence[float],
        ways: Sequence[Any],
        got: Any,
        true: Any,
    ) -> GradgenError:
        """Return the error, with the slope of one output by one input where that shows it."""
        name = "the slope along all inputs"
        named = self._worst(at, what) if self.truth.inputs <= _NAMED else None
        if named is not None:
            name, got, true = named
        by = f" by {what}" if what else ""
        return GradgenError(
            f"the module is wrong: {name}{by} is {float(got)!r}{self._where(at)}, "
            f"where differences of {self.what} give {float(true)!r}; {BUG}"
        )

    def _worst(self, at: Point, what: str) -> tuple[str, Any, Any] | None:
        """Return the slope that is furthest off, with what it is and what it should be."""
        _, cache = self.module.functions.forward(*at)
        centre = self.truth.plain.at(self.truth.exact(at))
        found = None
        largest = _PASSES
        for place, name in enumerate(self.module.names[:_FEW]):
            seeds = [float(i == place) for i in range(len(self.module.names))]
            slopes = dict(self.module.slopes(at, cache, seeds)).get(what, ())
            for slope, i in zip(slopes, self.module.program.wrt):
                ways = [float(i == j) for j in range(len(at))]
                true = self.truth.slope(at, seeds, ways, centre)
                if true is None or not math.isfinite(slope):
                    continue
                off = abs(slope - true) / max(abs(slope), abs(true), _NO_DOUBLE)
                if off > largest:
                    largest = off
                    found = (f"d{name}/d{self.module.program.inputs[i]}", slope, true)
        return found

    def _where(self, at: Point) -> str:
        named = ", ".join(
            f"{n}={x!r}" for n, x in zip(self.module.program.inputs[:12], at)
        )
        more = ", ..." if len(at) > 12 else ""
        return f" at {named}{more}" if named else ""


def _noise(number: int) -> Callable[[], float]:
    """Return a source of numbers from -1 to 1, the same for the same number; of an odd one the opposite of the one before.

    So a condition that the one leaves as it is the other turns, where rounding tells it.
    """
    low, high = (1, -1) if number % 2 else (-1, 1)
    draw = random.Random(number // 2).uniform
    return lambda: draw(low, high)


def _floor(values: Sequence[Any]) -> Any:
    """Return what no digit tells: mpmath's softplus(-500) is log(1 + exp(-500)), and 0 unless there are digits enough."""
    sizes = [abs(value) for value in values if isinstance(value, mpmath.mpf)]
    return max([mpmath.mpf(1), *sizes]) * mpmath.mpf(2) ** (64 - mpmath.mp.prec)


def _beyond(values: Sequence[Any]) -> bool:
    """Whether some value, or a slope of it, may have no double."""
    return any(
        isinstance(value, mpmath.mpf) and value and not _SMALL < abs(value) < _LARGE
        for value in values
    )
