"""A compiled module and what was read in; an error out where the module is something else at a few points.

The finished text is run. Its values are compared with a plain evaluation of what was read, its slopes with differences of that.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import mpmath

from gradgen.errors import GradgenError
from gradgen.prove.plain import Plain

if TYPE_CHECKING:
    from gradgen.pipeline import Compiled

#: The working precision in bits, and the step of a difference, in parts of the point.
_BITS, _STEP = 120, mpmath.mpf(2) ** -38
#: What is on the verge of being refused is looked at with these.
_MORE_BITS, _SMALLER_STEP = 400, mpmath.mpf(2) ** -120
#: The most bits that are added to those where large values and small ones meet; what is larger is not compared.
_MOST_BITS = 960
#: Relative differences: no matter at all, no matter after a closer look, and wrong even if met at one point alone.
_FINE, _PASSES, _GROSS = 1e-8, 1e-6, 1e-3
#: A part by which something else would hardly agree: it is enough where rounding explains the rest.
_ENOUGH = 1e-4
#: How many times what rounding was seen to do is no matter either.
_ROOM = 1000
#: Beyond these an operation, or its slope, may have no double.
_SMALL, _LARGE = mpmath.mpf(2) ** -480, mpmath.mpf(2) ** 480
_NO_DOUBLE = mpmath.mpf(2) ** -900
#: How many points, by what an evaluation costs in additions.
_POINTS = ((60, 3), (20_000, 2), (math.inf, 1))
#: Dearer formulas are looked at less closely, and still dearer ones not at all.
_DEAR, _TOO_DEAR = 3_000, 1_000_000
#: Further points for branches that none has taken: so many, and by what they cost.
_SPARE, _SPARE_COST = 24, 4_000
#: Points that are tried, of a short module and of a long one.
_TRIES, _FEW_TRIES = 1500, 20
#: Closer looks, each of a dozen evaluations, and how often each asks what rounding does; of dear formulas 1.
_LOOKS, _ROUNDS = 4, 3
#: Slopes below this part of the largest are compared by themselves, along larger steps, up to so much larger.
_MINOR, _STRETCH = 1e-4, 2**16
#: Of more outputs, only sums are compared.
_FEW = 4
_BUG = "this is a bug in gradgen, please report it; --no-proof, in Python proof=False, hands the module over all the same"
_HOW = "name one of its domain with `gradgen verify --at`"

_Point = tuple[float, ...]


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
        try:
            return _Proof(compiled, plain, what).run()
        except (TypeError, AttributeError) as error:
            # Templates of the user's own may make functions of another form.
            if not compiled.recipe.custom_templates:
                raise
            return f"its functions are of another form: {error}"


class _Proof:
    def __init__(self, compiled: Compiled, plain: Plain, what: str) -> None:
        self.compiled = compiled
        self.program = compiled.program
        self.plain = plain
        self.what = what
        self.names = [name for name, _ in self.program.outputs]
        places = {name: place for place, name in enumerate(self.program.inputs)}
        #: Where each input of what was read stands in the module's signature.
        self.places = [places[name] for name in plain.inputs]
        self.random = random.Random(compiled.recipe.source)
        self.rounds = _ROUNDS if plain.cost < _DEAR else 1
        self.compared = 0
        #: Whether a point told of all but small slopes, which are lost in rounding.
        self.partly = False
        self.doubted = 0
        self.looks = 0

    def run(self) -> str:
        if len(self.plain.results) != len(self.names):
            raise GradgenError(
                f"the module has {len(self.names)} results, and {self.what} {len(self.plain.results)}; {_BUG}"
            )
        cost = self.plain.cost
        if cost > _TOO_DEAR:
            return f"its functions take too long; {_HOW}"
        try:
            forward = self.compiled.forward
        except ImportError as error:
            return str(error)
        except AttributeError:
            return "it has no function `forward`"
        wanted = next(points for most, points in _POINTS if cost <= most)
        spare = min(_SPARE, _SPARE_COST // (cost + 1))
        size = len(self.program.steps) + 1
        tries = max(_FEW_TRIES, min(_TRIES, 400_000 // size))
        seen: set[tuple[int, int]] = set()
        raised = ""
        for at in islice(self.points(), tries):
            enough = self.compared >= wanted
            if self.looks >= (_LOOKS if cost < _DEAR else 1) or (
                enough and not (spare and len(seen) < self.plain.ways)
            ):
                break
            try:
                result, cache = forward(*at)
            except (ArithmeticError, ValueError) as error:
                raised = type(error).__name__
                continue
            except Exception as error:  # noqa: BLE001 - whatever a wrong module raises
                return self.broken(error)
            values = result if len(self.names) > 1 else (result,)
            if not all(map(math.isfinite, values)):
                continue
            weights = self.weights(at)
            ahead, behind = self.sides(at, weights, _STEP)
            if enough:
                # Only a branch that no point has taken is worth another.
                spare -= 1
                if self.plain.taken(self.plain.tested(ahead)) <= seen:
                    continue
            after = self.plain.at(ahead)
            before = self.plain.at(behind)
            if self.compare(at, values, cache, weights, after, before):
                self.compared += 1
                seen |= self.plain.taken(after)
        if self.compared or self.partly:
            return ""
        if raised:
            return f"it raises {raised} at the points that were tried; {_HOW}"
        return f"no point was found where it can be compared; {_HOW}"

    def broken(self, error: Exception) -> str:
        """Refuse a module that cannot be run; one of the user's own templates may want to be run otherwise."""
        words = f"{type(error).__name__}: {error}"
        if self.compiled.recipe.custom_templates and not isinstance(error, NameError):
            return f"it does not run as others do: {words}"
        raise GradgenError(f"the module cannot be run: {words}; {_BUG}") from None

    # Points.

    def points(self) -> Iterator[_Point]:
        """Yield points of few digits, always the same for the same text: of several sizes and signs, and near its numbers."""
        count = len(self.program.inputs)
        if not count:
            yield ()
            return
        draw = self.random.uniform
        marks = [m for m in self.plain.landmarks() if 1e-6 < abs(m) < 1e9] or [1.0]

        def near() -> float:
            mark = self.random.choice(marks)
            return mark * draw(0.6, 1.4) if draw(0, 1) < 0.5 else mark + draw(-1, 1)

        def signed(low: float, high: float) -> float:
            return draw(low, high) * (1 if draw(0, 1) < 0.5 else -1)

        sizes: list[Callable[[], float]] = [
            lambda: draw(0.2, 0.95),
            lambda: signed(0.1, 2.2),
            lambda: draw(1.05, 3.2),
            lambda: draw(2.2, 9),
            near,
            lambda: signed(0.05, 0.95),
            lambda: 10 ** draw(-2, 2),
            lambda: draw(4, 60),
            lambda: signed(1, 12),
            lambda: draw(1e-3, 1e-1),
            lambda: draw(60, 3000),
        ]
        turn = 0
        while True:
            for size in sizes:
                mixed = turn > 1 and turn % 2
                drawn = [
                    self.random.choice(sizes)() if mixed else size()
                    for _ in range(count)
                ]
                if not mixed and turn % 3:  # as bounds and ranges want them
                    drawn.sort(reverse=turn % 3 == 2)
                yield tuple(
                    (round(x, 3) if abs(x) > 10 else float(f"{x:.4g}")) or 0.5
                    for x in drawn
                )
            turn += 1

    def exact(self, at: _Point) -> list[Any]:
        """Return a point in the order of what was read."""
        return [mpmath.mpf(at[place]) for place in self.places]

    def weights(self, at: _Point) -> list[float]:
        """Return a direction in which all inputs with a slope move, each in parts of its size; in the module's order."""
        draw = self.random.uniform
        weights = [0.0] * len(at)
        for place in self.program.wrt:
            weights[place] = (
                draw(0.5, 1.5) * at[place] * (1 if draw(0, 1) < 0.5 else -1)
            )
        return weights

    def sides(
        self, at: _Point, weights: Sequence[float], step: Any
    ) -> tuple[list[Any], list[Any]]:
        """Return the points a step along a direction, and a step against it."""
        point = self.exact(at)
        steps = [step * weights[place] for place in self.places]
        ahead = [x + s for x, s in zip(point, steps)]
        return ahead, [x - s for x, s in zip(point, steps)]

    # Comparing. All of these return whether a point says anything, and raise where it says that the module is wrong.

    def compare(
        self,
        at: _Point,
        values: Sequence[float],
        cache: Any,
        weights: list[float],
        after: list[Any],
        before: list[Any],
    ) -> bool:
        """Compare value and gradient at a point, with all values a step along a direction, and a step against it."""
        pairs = list(zip(self.plain.values(after), self.plain.values(before)))
        if any(one is None or other is None for one, other in pairs):
            return False
        for place, (value, (one, other)) in enumerate(zip(values, pairs)):
            true = (one + other) / 2
            near = abs(value - true) <= _FINE * abs(true)
            if not (near or self.value_is_right(at, place, value)):
                return False
        if not self.program.wrt:
            return True
        rates = [(one - other) / (2 * _STEP) for one, other in pairs]
        for seeds in self.seeds():
            true = mpmath.fsum(s * rate for s, rate in zip(seeds, rates))
            for what, slopes in self.slopes(at, cache, seeds):
                if not all(map(math.isfinite, slopes)):
                    return False
                parts = self.parts(slopes, weights)
                if not self.slopes_meet(at, what, seeds, weights, parts, true):
                    return False
                closely = not self.compared and self.plain.cost < _DEAR
                if closely and not self.minor_meet(at, what, seeds, weights, parts):
                    self.partly = True
                    return False
        return True

    def seeds(self) -> list[list[float]]:
        """Return several upstream gradients: of each output alone, and of all."""
        count = len(self.names)
        draw = self.random.uniform
        found = [[draw(0.5, 1.5) for _ in range(count)] for _ in range(2)]
        if 1 < count <= _FEW:
            alone = (
                [1.25 * (i == place) for i in range(count)] for place in range(count)
            )
            found = [*alone, found[0]]
        return found if count > 1 else [[-0.75]]

    def slopes(
        self, at: _Point, cache: Any, seeds: Sequence[float]
    ) -> Iterator[tuple[str, Sequence[float]]]:
        """Yield the gradient by each function of the module that has it; nan where it raises."""
        try:
            yield "", self.compiled.backward(cache, *seeds)
            if "jacobian" in self.compiled.recipe.extras:
                rows = self.compiled.module.jacobian(*at)
                yield "jacobian", [
                    math.fsum(s * x for s, x in zip(seeds, column))
                    for column in zip(*rows)
                ]
        except (ArithmeticError, ValueError):
            yield "", (math.nan,)
        except Exception as error:  # noqa: BLE001
            self.broken(error)
            yield "", (math.nan,)

    def parts(self, slopes: Sequence[float], weights: Sequence[float]) -> list[Any]:
        """Return what each input adds to the slope along a direction."""
        if len(slopes) != len(self.program.wrt):
            raise GradgenError(
                f"the module returns {len(slopes)} slopes for {len(self.program.wrt)} inputs; {_BUG}"
            )
        return [
            mpmath.mpf(s) * weights[place] for s, place in zip(slopes, self.program.wrt)
        ]

    def slopes_meet(
        self,
        at: _Point,
        what: str,
        seeds: Sequence[float],
        weights: Sequence[float],
        parts: Sequence[Any],
        true: Any,
    ) -> bool:
        scale = max(mpmath.fsum(map(abs, parts)), abs(true))
        got = mpmath.fsum(parts)
        if abs(got - true) <= _FINE * scale:
            return True
        return self.slope_is_right(at, what, seeds, weights, got, scale)

    def minor_meet(
        self,
        at: _Point,
        what: str,
        seeds: Sequence[float],
        weights: Sequence[float],
        parts: Sequence[Any],
    ) -> bool:
        """Compare the small slopes by themselves, so that the large ones do not hide them."""
        largest = max(map(abs, parts))
        ways = [0.0] * len(weights)
        left = []
        for place, part in zip(self.program.wrt, parts):
            if abs(part) < _MINOR * largest:
                stretch = (
                    min(float(largest / abs(part)), _STRETCH) if part else _STRETCH
                )
                ways[place] = stretch * weights[place]
                left.append(stretch * part)
        if not left:
            return True
        one, other = (
            self.summed(self.plain.at(side), seeds)
            for side in self.sides(at, ways, _STEP)
        )
        if one is None or other is None:
            return False
        true = (one - other) / (2 * _STEP)
        return self.slopes_meet(at, what, seeds, ways, left, true)

    def summed(self, found: Sequence[Any], seeds: Sequence[float]) -> Any:
        """Return the results' sum with the upstream gradients as weights; None where one has no value."""
        values = self.plain.values(found)
        if None in values:
            return None
        return mpmath.fsum(s * value for s, value in zip(seeds, values))

    # A closer look at what is about to be refused.

    def bits(self, at: _Point) -> int:
        """Return a precision by which a step still shows beside the largest value."""
        with mpmath.workprec(_MORE_BITS):
            found = self.plain.at(self.exact(at))
            sizes = [mpmath.mag(v) for v in found if isinstance(v, mpmath.mpf) and v]
            span = max(sizes, default=0) - min(sizes, default=0)
        return _MORE_BITS + int(min(span, _MOST_BITS))

    def value_is_right(self, at: _Point, place: int, value: float) -> bool:
        """Return False where rounding may explain a difference, or what has no double."""
        self.looks += 1
        with mpmath.workprec(self.bits(at)):
            point = self.exact(at)
            centre = self.plain.at(point)
            true = self.plain.values(centre)[place]
            if true is None or _beyond(centre):
                return False
            off = abs(value - true)
            if off <= _FINE * abs(true):
                return True  # the first look was not precise enough
            rough = [
                self.plain.values(self.plain.rough(point, centre, noise))[place]
                for noise in map(_noise, range(self.rounds))
            ]
            if None in rough:
                return False
            doubt = max(_floor(centre), *(abs(one - true) for one in rough))
            if self.may_be(off, abs(true), doubt):
                return bool(off <= _ENOUGH * abs(true))
            raise GradgenError(
                f"the module is wrong: {self.names[place]} is {value!r}{self.where(at)}, "
                f"where {self.what} gives {float(true)!r}; {_BUG}"
            )

    def slope_is_right(
        self,
        at: _Point,
        what: str,
        seeds: Sequence[float],
        weights: Sequence[float],
        got: Any,
        scale: Any,
    ) -> bool:
        """The same of a slope along a direction; return False also at a kink or a jump."""
        self.looks += 1
        with mpmath.workprec(self.bits(at)):
            centre = self.plain.at(self.exact(at))
            true = self.slope(at, seeds, weights, centre)
            if true is None or _beyond(centre):
                return False
            off = abs(got - true)
            if off <= _FINE * scale:
                return True  # the first look was not precise enough
            rough = []
            largest = mpmath.mpf(0)
            sides = self.sides(at, weights, _SMALLER_STEP)
            for seed in range(self.rounds):
                one, other = (
                    self.summed(self.plain.rough(side, centre, _noise(seed)), seeds)
                    for side in sides
                )
                if one is None or other is None:
                    return False
                rough.append((one - other) / (2 * _SMALLER_STEP))
                largest = max(largest, abs(one), abs(other))
            vanishes = abs(true) < _NO_DOUBLE and abs(got) < _NO_DOUBLE
            floor = _floor(centre) / _SMALLER_STEP
            doubt = max(floor, *(abs(one - true) for one in rough))
            if doubt * _SMALLER_STEP > _GROSS * largest:
                return False  # chaos: no step is so small that rounding does not tell what comes of it
            if vanishes or self.may_be(off, max(scale, abs(true)), doubt):
                # A slope that is 0 but for rounding is right.
                size = self.summed(centre, [abs(seed) for seed in seeds])
                zero = off + _ROOM * doubt <= _FINE * abs(size)
                return bool(zero or off <= _ENOUGH * scale)
            raise self.wrong_slope(at, what, seeds, weights, got, true)

    def slope(
        self,
        at: _Point,
        seeds: Sequence[float],
        weights: Sequence[float],
        centre: Sequence[Any],
    ) -> Any:
        """Return the results' slope along a direction; None where that of the other side is another."""
        here = self.summed(centre, seeds)
        after, before = (
            self.summed(self.plain.at(side), seeds)
            for side in self.sides(at, weights, _SMALLER_STEP)
        )
        if after is None or here is None or before is None:
            return None
        right, left = (after - here) / _SMALLER_STEP, (here - before) / _SMALLER_STEP
        if abs(right - left) > _FINE * (abs(right) + abs(left)):
            return None
        return (right + left) / 2

    def may_be(self, off: Any, scale: Any, doubt: Any) -> bool:
        """Whether a difference may be of rounding; a small one is refused where it is met again."""
        if off <= _PASSES * scale + _ROOM * doubt:
            return True
        self.doubted += 1
        return bool(off <= _GROSS * scale) and self.doubted < 2

    def wrong_slope(
        self,
        at: _Point,
        what: str,
        seeds: Sequence[float],
        weights: Sequence[float],
        got: Any,
        true: Any,
    ) -> GradgenError:
        """Return the error, with the slope of one output by one input where that shows it."""
        name = "the slope along all inputs"
        named = self.worst(at, what) if len(self.places) <= 100 else None
        if named is not None:
            name, got, true = named
        by = f" by {what}" if what else ""
        return GradgenError(
            f"the module is wrong: {name}{by} is {float(got)!r}{self.where(at)}, "
            f"where differences of {self.what} give {float(true)!r}; {_BUG}"
        )

    def worst(self, at: _Point, what: str) -> tuple[str, Any, Any] | None:
        """Return the slope that is furthest off, with what it is and what it should be."""
        _, cache = self.compiled.forward(*at)
        centre = self.plain.at(self.exact(at))
        found = None
        largest = _PASSES
        for place, name in enumerate(self.names[:_FEW]):
            seeds = [float(i == place) for i in range(len(self.names))]
            slopes = dict(self.slopes(at, cache, seeds)).get(what, ())
            for slope, i in zip(slopes, self.program.wrt):
                ways = [float(i == j) for j in range(len(at))]
                true = self.slope(at, seeds, ways, centre)
                if true is None or not math.isfinite(slope):
                    continue
                off = abs(slope - true) / max(abs(slope), abs(true), _NO_DOUBLE)
                if off > largest:
                    largest = off
                    found = (f"d{name}/d{self.program.inputs[i]}", slope, true)
        return found

    def where(self, at: _Point) -> str:
        named = ", ".join(f"{n}={x!r}" for n, x in zip(self.program.inputs[:12], at))
        more = ", ..." if len(at) > 12 else ""
        return f" at {named}{more}" if named else ""


def _noise(seed: int) -> Callable[[], float]:
    """Return a source of numbers from -1 to 1, the same for the same seed."""
    draw = random.Random(seed).uniform
    return lambda: draw(-1, 1)


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
