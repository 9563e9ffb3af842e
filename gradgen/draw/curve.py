"""A compiled formula and a range of one input in; the values there, the slopes, how far both are from the truth, and where they break, out."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import mpmath

from gradgen.errors import GradgenError
from gradgen.verify import formulas_of

if TYPE_CHECKING:
    from gradgen.compiled import Compiled

#: So many points a curve has: few enough to work out hundreds of digits of each.
COUNT = 241
#: How often a place is halved in search of what breaks there.
_HALVINGS = 60
#: A change that is left when its place is that narrow is a break: of so many times what rounding does nearby, and of at least such parts
#: of what changes between two places and of what is there.
_NOISE, _OF_CHANGE, _OF_VALUE = 64.0, 1e-6, 1e-9
#: At a pole values are so many times as large as so far from it, in distances of two places.
_GROWS, _BESIDE = 1e3, 1e-6
#: What is smooth changes less than so much of what it did so many halvings before.
_SMOOTH, _LAST = 0.1, 8
_LARGEST = sys.float_info.max
#: Value and slope, None where there is none.
Pair = tuple["float | None", "float | None"]


@dataclass(frozen=True)
class Mark:
    """Where a curve breaks.

    Attributes:
        x: the place.
        kind: `kink`, `jump`, `pole`, `edge`, of the domain, or `overflow`, of doubles.
    """

    x: float
    kind: str


@dataclass(frozen=True)
class Curve:
    """A result along one input.

    Attributes:
        title: the formula in a line.
        name: the result's name.
        by: the input's name.
        at: the other inputs' values.
        xs: the places.
        values, slopes: by place; None where there is none.
        value_errors, slope_errors: their distances from the truth, in units in its last place; None where there is no truth.
        marks: where it breaks, from left to right.
    """

    title: str
    name: str
    by: str
    at: tuple[tuple[str, float], ...]
    xs: tuple[float, ...]
    values: tuple[float | None, ...]
    slopes: tuple[float | None, ...]
    value_errors: tuple[float | None, ...]
    slope_errors: tuple[float | None, ...]
    marks: tuple[Mark, ...]


def curve(
    compiled: Compiled,
    by: str,
    low: float,
    high: float,
    at: Mapping[str, float],
    of: str | None = None,
    count: int = COUNT,
) -> Curve:
    """Return a result along one input.

    Args:
        compiled: the formula.
        by: the input.
        low, high: its range.
        at: the values of all other inputs.
        of: the result, if there are several; by default the first.
        count: how many places there are.

    Raises:
        GradgenError: there is no such result, no slope by the input, an empty range, or no truth to compare with; or the module does not run here.
    """
    program = compiled.program
    results = [name for name, _ in program.outputs]
    if of is not None and of not in results:
        raise GradgenError(f"no result is called `{of}`; the results are {', '.join(results)}")  # fmt: skip
    if not (math.isfinite(high - low) and low < high):
        raise GradgenError(f"the range of `{by}` is empty, or has no end")
    place = results.index(of) if of else 0
    inputs = [program.signature[value] for value in program.wrt]
    if by not in inputs:
        raise GradgenError(f"there is no slope by `{by}`; there are those by {', '.join(inputs)}")  # fmt: skip

    def point(x: float) -> tuple[float, ...]:
        return tuple(x if name == by else at[name] for name in program.inputs)

    pair = _pairs(compiled, point, place, inputs.index(by))
    xs = [low + (high - low) * (i / (count - 1)) for i in range(count)]
    pairs = [pair(x) for x in xs]
    formulas = formulas_of(compiled)
    wrt = [[*program.signature.values()].index(by)]
    errors: list[Pair] = []
    for x, (value, gradient) in zip(xs, pairs):
        true = formulas.at(point(x), wrt)[place]
        with mpmath.workdps(formulas.digits):
            errors.append((_ulps(value, true.value), _ulps(gradient, true.slopes[0])))
    return Curve(
        compiled.recipe.source.strip().replace("\n", "; "),
        results[place],
        by,
        tuple((name, float(at[name])) for name in program.inputs if name != by),
        tuple(xs),
        tuple(value for value, _ in pairs),
        tuple(gradient for _, gradient in pairs),
        tuple(error for error, _ in errors),
        tuple(error for _, error in errors),
        tuple(_marks(xs, pairs, _noise(pairs, errors), pair)),
    )


def _pairs(
    compiled: Compiled,
    point: Callable[[float], Sequence[float]],
    place: int,
    slope: int,
) -> Callable[[float], Pair]:
    """Return what works out value and slope at a place, by the module."""
    count = len(compiled.program.outputs)
    seeds = [float(i == place) for i in range(count)]
    forward, backward = compiled.forward, compiled.backward  # if it runs here

    def pair(x: float) -> Pair:
        try:
            found, cache = forward(*point(x))
            value = float(found[place] if count > 1 else found)
            if not math.isfinite(value):
                return None, None
        except (ArithmeticError, ValueError):
            return None, None
        try:
            gradient = float(backward(cache, *seeds)[slope])
        except (ArithmeticError, ValueError):
            return value, None
        return value, gradient if math.isfinite(gradient) else None

    return pair


def _ulps(got: float | None, true: mpmath.mpf | None) -> float | None:
    """Return a distance from the truth in units in its last place; infinite where the module has no value and the truth does."""
    if true is None or abs(true) > mpmath.mpf(_LARGEST):
        return None
    if got is None:
        return math.inf
    return float(abs(got - true) / mpmath.mpf(math.ulp(float(true))))


def _noise(
    pairs: Sequence[Pair], errors: Sequence[Pair]
) -> tuple[tuple[float, ...], ...]:
    """Return how far value and slope are from the truth at each place, at most so far as they are from 0."""
    return tuple(
        tuple(
            min(abs(number), error * math.ulp(number)) if number is not None and error else 0.0
            for number, error in zip(pair, both)
        )
        for pair, both in zip(pairs, errors)
    )  # fmt: skip


def _marks(
    xs: Sequence[float],
    pairs: Sequence[Pair],
    noise: Sequence[Sequence[float]],
    pair: Callable[[float], Pair],
) -> list[Mark]:
    """Return where a curve breaks, each place once."""
    marks: list[Mark] = []
    wide = xs[1] - xs[0]
    for what in (0, 1):  # values, slopes
        for i, (one, other) in enumerate(pairwise(pairs)):
            near = max(n[what] for n in noise[max(0, i - 8) : i + 10])
            search = _Search(xs[i], xs[i + 1], one, other, what, _NOISE * near)
            mark = search.found(pair)
            if mark and all(abs(mark.x - m.x) > 1e-6 * wide for m in marks):
                marks.append(mark)
    return sorted(marks, key=lambda mark: mark.x)


def _change(one: Pair, other: Pair, what: int) -> float:
    """Return by how much the value or the slope changes; infinite where one of two has one."""
    a, b = one[what], other[what]
    if a is None or b is None:
        return 0.0 if a is b else math.inf
    return min(abs(a - b), _LARGEST)


@dataclass
class _Search:
    """The search for a break between two places, by values or by slopes: in the half in which more changes."""

    left: float
    right: float
    one: Pair
    other: Pair
    what: int
    least: float

    def found(self, pair: Callable[[float], Pair]) -> Mark | None:
        """Return the break; None where what changes comes to nothing."""
        before, wide = self._change(), self.right - self.left
        if math.isfinite(before):
            self.least = max(self.least, _OF_CHANGE * before, _NOISE * math.ulp(0.0))
        if not self._narrow(pair):
            return None
        # The end with a value is where it still has one; a number of few digits is what the author wrote.
        x = self.right if self.one[self.what] is None else self.left
        rounded = (round(x, digits) for digits in range(13))
        x = next((n for n in rounded if abs(n - x) <= 1e-12 * wide), x) + 0.0
        most = self._most(0)
        beside = (pair(x - _BESIDE * wide)[0], pair(x + _BESIDE * wide)[0])
        known = [abs(value) for value in beside if value is not None]
        if known and most > _GROWS * max(known) > 0.0:
            return Mark(x, "pole")
        if (self.one[0] is None) != (self.other[0] is None):
            return Mark(x, "overflow" if most > 1e-3 * _LARGEST else "edge")
        if None in (self.one[1], self.other[1]) and self._most(1) > 1e-3 * _LARGEST:
            return Mark(x, "overflow")  # of the slope, where there still is a value
        return Mark(x, "kink" if self.what else "jump") if self._is_break() else None

    def _is_break(self) -> bool:
        """Whether what is left is neither rounding nor, of values, what the slope makes of it."""
        left = self._change()
        if self.what == 0 and left <= 4 * self._most(1) * (self.right - self.left):
            return False
        return left == math.inf or left > _OF_VALUE * self._most(self.what)

    def _most(self, what: int) -> float:
        numbers = (self.one[what], self.other[what])
        return max((abs(n) for n in numbers if n is not None), default=0.0)

    def _change(self) -> float:
        return _change(self.one, self.other, self.what)

    def _narrow(self, pair: Callable[[float], Pair]) -> bool:
        """Narrow the place as far as it goes; return whether something is left that changes there, and went on doing so."""
        changes = [self._change()]
        for _ in range(_HALVINGS):
            middle = self.left + (self.right - self.left) / 2
            if changes[-1] <= self.least or not self.left < middle < self.right:
                break
            half = pair(middle)
            ahead = _change(self.one, half, self.what)
            if ahead >= _change(half, self.other, self.what):
                self.right, self.other = middle, half
            else:
                self.left, self.one = middle, half
            changes.append(self._change())
        earlier = changes[max(0, len(changes) - 1 - _LAST)]
        smooth = changes[-1] <= _SMOOTH * earlier < math.inf
        return changes[-1] > self.least and not smooth
