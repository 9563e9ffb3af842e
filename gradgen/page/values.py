"""What runs a program's lines, and a point, in; the values and gradients of the lines, and central differences of the result, out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradgen.errors import GradgenError
from gradgen.page.flow import locals_of
from gradgen.passes.functions import Names
from gradgen.trace import Trace

#: The step of a central difference, by a size: the cube root of the spacing of doubles at 1.
_STEP = 2.0**-17
#: A value may be off by so much of itself.
_ROUNDING = 2.0**-52
#: A difference is good where it is off by no more than this of itself.
_GOOD = 2.0**-20
#: Where inputs without a value are put, as far apart as the second number: the first of these where all is finite is taken.
_SOMEWHERE = ((1.0, 0.25), (0.5, 0.0625), (2.0, 1.0), (0.1, 0.01), (-0.5, 0.125), (10.0, 1.0), (100.0, 10.0))  # fmt: skip


@dataclass(frozen=True)
class Values:
    """What lines come to at a point.

    Attributes:
        point: the inputs, in order.
        values: the values of inputs and stages, in order.
        slopes: the gradients of the first result by them.
        lines: of each backward line the local derivative, what it brings, and what its gradient is with that.
        differences: the central difference by each input.
    """

    point: tuple[float, ...]
    values: tuple[float | bool, ...]
    slopes: tuple[float, ...]
    lines: tuple[tuple[float, float, float], ...]
    differences: tuple[float, ...]


class Evaluator:
    """Evaluates the lines of a program, with the local derivative of each backward line."""

    def __init__(self, tracer: Trace) -> None:
        """Take what runs its lines."""
        self.program = program = tracer.program
        self.tracer = tracer
        self.rules = locals_of(tracer.chain, program.ways)
        if tracer.quiet is not None:
            quiet = tracer.quiet
            self.rules = [quiet.value(rule, program.names) for rule in self.rules]

    def at(self, point: Sequence[float]) -> Values:
        """Return what the lines come to.

        Raises:
            ArithmeticError, ValueError: there is no value.
        """
        program = self.program
        values = self._values(point)
        slopes = self.tracer.backward(values)
        names = program.names.values()
        return Values(
            tuple(point),
            tuple(number(values[name]) for name in names),
            tuple(float(slopes.get(program.adjoints[v], 0.0)) for v in program.names),
            (*self.lines(values),),
            tuple(self._difference(point, i) for i in range(len(point))),
        )

    def lines(
        self, values: Mapping[str, Any], output: int = 0
    ) -> Iterator[tuple[Any, Any, Any]]:
        """Yield of each backward line the local derivative, what it brings, and what its gradient is with that.

        Args:
            values: the values of inputs and stages, by name.
            output: of which result the gradient is.

        Raises:
            ArithmeticError, ValueError: there is no value.
        """
        program, run = self.program, self.tracer.run
        scope = {**values, **self.tracer.start(output)}
        known = Names({**program.names, **self.tracer.upstream})
        back = run.lines(known.along(self.tracer.back), known, scope)
        for rule, line in zip(self.rules, back, strict=True):
            brought = run.value(line.value, known, scope)
            brought = run.operations["neg"](brought) if line.sign == "-=" else brought
            total = brought
            if line.sign != "=":
                total = run.operations["add"](scope[line.name], brought)
            yield self._local(rule, values), number(brought), number(total)

    def _local(self, rule: int, values: Mapping[str, Any]) -> Any:
        """Return a local derivative; where there is none, and nothing comes in to ask for it, nan."""
        try:
            return number(self.tracer.run.value(rule, self.program.names, values))
        except (ArithmeticError, ValueError):
            return math.nan

    def _values(self, point: Sequence[float]) -> dict[str, Any]:
        texts = self.program.signature.values()
        return self.tracer.forward(dict(zip(texts, point)))

    def _difference(self, point: Sequence[float], place: int) -> float:
        """Return the central difference of the first result, by the step at which curvature and rounding harm it least.

        A step that suits 1 is too long beside small inputs, and one that suits a large input beside its sine.
        """
        size = abs(point[place])
        best, least = math.nan, math.inf
        for length in sorted({1.0, size, math.sqrt(size)} - {0.0}, reverse=True):
            found, rounding = self._rise(point, place, _STEP * length)
            half, _ = self._rise(point, place, 0.5 * _STEP * length)
            error = abs(found - half) + rounding
            if error < least or math.isnan(best):
                best, least = found, min(math.inf, error)
            if error <= _GOOD * abs(found):
                break
        return best

    def _rise(
        self, point: Sequence[float], place: int, step: float
    ) -> tuple[float, float]:
        """Return a central difference, and what rounding may have made of it."""
        name = self.program.names[self.program.outputs[0][1]]
        low, high = ([*point] for _ in range(2))
        low[place] -= step
        high[place] += step
        apart = high[place] - low[place]
        try:
            above, below = (float(self._values(at)[name]) for at in (high, low))
            rounding = _ROUNDING * (abs(above) + abs(below))
            return (above - below) / apart, rounding / apart
        except (ArithmeticError, ValueError):
            return math.nan, math.nan

    def somewhere(self, given: Mapping[str, float]) -> tuple[float, ...]:
        """Return a point where values and gradients are finite, if one is near at hand.

        Args:
            given: the inputs that have values, by their names in the formula.
        """
        first: tuple[float, ...] | None = None
        for point in self._points(given):
            first = point if first is None else first
            try:
                found = self.at(point)
            except (ArithmeticError, ValueError):
                continue
            if all(map(math.isfinite, (*found.values, *found.slopes))):
                return point
        assert first is not None
        return first

    def _points(self, given: Mapping[str, float]) -> Iterator[tuple[float, ...]]:
        texts = self.program.inputs
        for low, apart in _SOMEWHERE:
            yield tuple(given.get(n, low + i * apart) for i, n in enumerate(texts))


def number(value: Any) -> Any:
    """Return a value as a plain number or truth value; as a tuple of these, where it is one of rows."""
    if isinstance(value, tuple):
        return tuple(map(number, value))
    return value if isinstance(value, bool) else float(value)


def evaluated(evaluator: Evaluator, given: Mapping[str, float]) -> Values:
    """Return what lines come to at a point; where not all of it is given, at one where that is finite.

    Args:
        evaluator: what evaluates.
        given: the inputs that have values, by their names in the formula.

    Raises:
        GradgenError: there is no value.
    """
    try:
        return evaluator.at(evaluator.somewhere(given))
    except (ArithmeticError, ValueError) as error:
        raise GradgenError(f"there is no value at this point: {error}") from None
