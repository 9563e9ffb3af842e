"""A formula and a point in; its value and gradient to hundreds of digits out, by mpmath alone: none of gradgen's rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

from gradgen.prove.meanings import LAZY, UNDEFINED, meaning_of, power
from gradgen.prove.quotient import quotient
from gradgen.read.sympy.functions import logbeta
from gradgen.read.sympy.nodes import ByNode, operands_first

#: Enough for differences of numbers from 1e308 to 1e-308.
DIGITS = 450

#: The binary logarithm of what is far beyond a double.
_FAR = 3000


@dataclass(frozen=True)
class Exact:
    """The truth at a point.

    Attributes:
        value: None outside the formula's domain.
        slopes: one per input asked for; None where the formula has a kink, a jump, or the edge of its domain.
    """

    value: Any
    slopes: tuple[Any, ...]


#: What a node does with its operands, where that decides how slopes pass through it.
_INPUT, _CONSTANT, _SUM, _PRODUCT, _CHOICE, _PAIR, _EXTREME, _TEST, _STAIRS, _OTHER = (
    range(10)
)
#: Inputs whose slope no local quotient gives are moved one by one, as long as that takes no more evaluations of nodes.
_MOST_MOVES = 20_000
#: How many additions a function and its difference quotients cost; more for those of which mpmath sums long series.
_DEAR = 60
_DEARER: Mapping[Any, int] = {
    sp.zeta: 40_000,
    **dict.fromkeys((sp.polygamma, sp.trigamma, sp.digamma, sp.gamma), 6_000),
    **dict.fromkeys((sp.erfinv, sp.erfcinv), 6_000),
    **dict.fromkeys((sp.bessely, sp.besselk), 120_000),
    **dict.fromkeys((sp.beta, logbeta), 2_500),
    **dict.fromkeys((sp.loggamma, sp.LambertW), 800),
}


class ExactFormulas:
    """Formulas that share their parts, ready to be evaluated at many points.

    A slope is the sum over all ways from an input to the result of the products of local slopes, from the result backwards;
    and each local slope is a difference quotient of one function of mpmath's. So the work grows with the formulas alone,
    however many inputs they have. Where a local slope does not exist, the whole formula's difference quotient decides.

    Args:
        exprs: expressions as the parser reads them.
        inputs: the names of their variables, in the order of the points.
        digits: the working precision. A difference quotient's step is about its fourth part, and one-sided quotients that
            agree in less than its sixteenth part belong to a kink or a jump.
    """

    def __init__(
        self, exprs: Sequence[sp.Expr], inputs: Sequence[str], digits: int = DIGITS
    ) -> None:
        self.digits = digits
        places = {name: place for place, name in enumerate(inputs)}
        #: One entry per node, operands first: what it is, how to evaluate it, and the places of its operands.
        self._plan: list[tuple[int, Any, tuple[int, ...]]] = []
        #: The node of each entry.
        self.nodes: list[sp.Basic] = []
        done: ByNode[int] = ByNode()
        for node in operands_first(exprs, done):
            done[node] = len(self._plan)
            self.nodes.append(node)
            operands = tuple(done[arg] for arg in node.args)
            if node.is_Symbol:
                self._plan.append((_INPUT, places[node.name], ()))
            elif all(self._plan[i][0] == _CONSTANT for i in operands):
                self._plan.append((_CONSTANT, meaning_of(node), operands))
            else:
                kind = _KINDS.get(node.func, _OTHER)
                self._plan.append((kind, meaning_of(node), operands))
        self._results = [done[expr] for expr in exprs]
        self._reached = [self._below(result) for result in self._results]
        self._constants: dict[int, Any] = {}

    @property
    def work(self) -> int:
        """What a point costs, in additions."""
        dear = sum(kind == _OTHER and what is not power for kind, what, _ in self._plan)
        dearer = sum(
            _DEARER.get(node.func, 0)
            for node, (kind, _, _) in zip(self.nodes, self._plan)
            if kind == _OTHER
        )
        fewer = dearer * self.digits**2 // DIGITS**2
        return len(self._plan) + _DEAR * dear + fewer

    def at(self, point: Sequence[float], wrt: Sequence[int]) -> list[Exact]:
        """Return the truth of each formula at a point, with the slopes by the inputs at `wrt`."""
        with mpmath.workdps(self.digits):
            exact = [mpmath.mpf(x) for x in point]
            values = self._values(exact)
            slopes = _Slopes(self._plan, values, self.digits)
            return [
                self._truth(i, exact, values, wrt, slopes)
                for i in range(len(self._results))
            ]

    def parts(self, point: Sequence[float], by: int, number: int) -> dict[int, Any]:
        """Return what part of a formula's slope by an input comes by way of each of `nodes`; nothing where a local slope does not exist."""
        with mpmath.workdps(self.digits):
            values = self._values([mpmath.mpf(x) for x in point])
            slopes = _Slopes(self._plan, values, self.digits)
            return slopes.parts(self._results[number], self._reached[number], by)

    def beside(
        self, point: Sequence[float], moves: Sequence[tuple[int, Sequence[float]]]
    ) -> Iterator[list[list[Any]]]:
        """Yield the formulas' values with one input elsewhere; only what it reaches is evaluated anew.

        Args:
            point: where the other inputs are.
            moves: inputs, each with the values that it takes, one after the other.
        """
        with mpmath.workdps(self.digits):
            exact = [mpmath.mpf(x) for x in point]
            values = self._values(exact)
        for place, others in moves:
            found = []
            with mpmath.workdps(self.digits):
                reached = self._above(place)
                for other in others:
                    step = mpmath.mpf(other) - exact[place]
                    moved = self._moved(exact, place, step, values, reached)
                    found.append([moved[result] for result in self._results])
            yield found

    def _below(self, result: int) -> list[int]:
        """Return the nodes that a result depends on, the last one first."""
        needed = {result}
        found = []
        for place in range(result, -1, -1):
            if place in needed:
                found.append(place)
                needed.update(self._plan[place][2])
        return found

    def _above(self, place: int) -> list[int]:
        """Return the nodes that depend on an input, operands first."""
        found = []
        moved = bytearray(len(self._plan))
        for node, (kind, what, operands) in enumerate(self._plan):
            if kind == _INPUT:
                moved[node] = what == place
            else:
                for operand in operands:
                    moved[node] |= moved[operand]
            if moved[node]:
                found.append(node)
        return found

    def _values(self, point: Sequence[Any]) -> list[Any]:
        values: list[Any] = []
        for node, (kind, what, operands) in enumerate(self._plan):
            if kind == _INPUT:
                values.append(point[what])
            elif kind == _CONSTANT:
                if node not in self._constants:
                    self._constants[node] = _real(what, [values[i] for i in operands])
                values.append(self._constants[node])
            else:
                values.append(_applied(kind, what, [values[i] for i in operands]))
        return values

    def _moved(
        self,
        point: Sequence[Any],
        place: int,
        step: Any,
        values: Sequence[Any],
        reached: Sequence[int],
    ) -> list[Any]:
        """Return all values where one input has moved."""
        moved = list(values)
        for node in reached:
            kind, what, operands = self._plan[node]
            moved[node] = (
                point[place] + step
                if kind == _INPUT
                else _applied(kind, what, [moved[i] for i in operands])
            )
        return moved

    def _truth(
        self,
        number: int,
        point: Sequence[Any],
        values: Sequence[Any],
        wrt: Sequence[int],
        slopes: _Slopes,
    ) -> Exact:
        result = self._results[number]
        value = values[result]
        if value is UNDEFINED:
            return Exact(None, (None,) * len(wrt))
        if not wrt:
            return Exact(value, ())
        found = slopes.of(result, self._reached[number])
        moves = 0
        for place in wrt:
            if found.get(place, 0) is None:
                reached = self._above(place)
                moves += 2 * len(reached)
                if moves <= _MOST_MOVES:
                    found[place] = self._slope(point, place, values, reached, result)
        return Exact(value, tuple(found.get(i, mpmath.mpf(0)) for i in wrt))

    def _slope(
        self,
        point: Sequence[Any],
        place: int,
        values: Sequence[Any],
        reached: Sequence[int],
        result: int,
    ) -> Any:
        """Return a result's central difference quotient by an input, if both sides agree."""

        def near(step: Any) -> Any:
            return self._moved(point, place, step, values, reached)[result]

        jumps = any(self._plan[node][0] == _STAIRS for node in reached)
        return quotient(near, point[place], values[result], self.digits, jumps)


class ExactFormula:
    """A formula ready to be evaluated at many points.

    Args:
        expr: an expression as the parser reads it.
        inputs: the names of its variables, in the order of the points.
        digits: the working precision, as that of `ExactFormulas`.
    """

    def __init__(
        self, expr: sp.Expr, inputs: Sequence[str], digits: int = DIGITS
    ) -> None:
        self.digits = digits
        self._formulas = ExactFormulas([expr], inputs, digits)

    def at(self, point: Sequence[float], wrt: Sequence[int]) -> Exact:
        """Return the truth at a point, with the slopes by the inputs at `wrt`."""
        return self._formulas.at(point, wrt)[0]

    def _value(self, point: Sequence[Any]) -> Any:
        """Return the value where the inputs have as many digits as they like, within the working precision of now."""
        return self._formulas._values(point)[-1]


class _Slopes:
    """The local slopes at a point, each found when it is first asked for, and what they add up to."""

    def __init__(
        self,
        plan: Sequence[tuple[int, Any, tuple[int, ...]]],
        values: Sequence[Any],
        digits: int,
    ) -> None:
        self.plan = plan
        self.values = values
        self.digits = digits
        self.flat = bytearray(len(plan))
        for node, (kind, _, operands) in enumerate(plan):
            self.flat[node] = self._is_flat(kind, node, operands)
        self.local: dict[int, list[tuple[int, Any]]] = {}

    def of(self, result: int, reached: Sequence[int]) -> dict[int, Any]:
        """Return a result's slopes by the inputs that it depends on; None where a local slope on the way does not exist."""
        one = mpmath.mpf(1)
        # With each slope goes the binary exponent of its largest part.
        upstream: dict[int, tuple[Any, int]] = {result: (one, 0)}
        sums: dict[int, tuple[Any, int]] = {}
        for node in reached:
            kind, what, operands = self.plan[node]
            if node not in upstream or kind == _CONSTANT:
                continue
            slope, size = upstream.pop(node)
            if kind == _INPUT:
                sums[what] = _added(sums.get(what), slope, size)
            if self.flat[node]:
                continue
            if slope is None:
                upstream.update((operand, (None, 0)) for operand in operands)
                continue
            if node not in self.local:
                self.local[node] = self._local(kind, what, node, operands)
            # A slope that is 0 goes on, too: 0 times one that does not exist may be anything.
            for operand, factor in self.local[node]:
                more, larger = slope, size
                if factor is not _ONE:
                    more = None if factor is None else slope * factor
                    larger = size + mpmath.mag(factor) if factor else 0
                upstream[operand] = _added(upstream.get(operand), more, larger)
        # What is left of parts that cancel to nearly all their digits is their rounding.
        least = int(self.digits * 0.7 / math.log10(2))
        return {
            what: (
                mpmath.mpf(0) if slope and mpmath.mag(slope) < size - least else slope
            )
            for what, (slope, size) in sums.items()
        }

    def parts(self, result: int, reached: Sequence[int], by: int) -> dict[int, Any]:
        """Return by node its adjoint times its slope by an input; nothing where a local slope does not exist."""
        self.of(result, reached)
        adjoints = {result: mpmath.mpf(1)}
        for node in reached:
            for operand, factor in self.local.get(node, ()):
                if factor is None:
                    return {}
                more = adjoints.get(node, 0) * factor
                adjoints[operand] = adjoints.get(operand, 0) + more
        tangents: dict[int, Any] = {}
        for node in reversed(reached):
            kind, what, _ = self.plan[node]
            tangents[node] = mpmath.mpf(kind == _INPUT and what == by)
            for operand, factor in self.local.get(node, ()):
                tangents[node] += factor * tangents.get(operand, 0)
        return {node: adjoints.get(node, 0) * t for node, t in tangents.items()}

    def _is_flat(self, kind: int, node: int, operands: Sequence[int]) -> bool:
        """Whether a node stays what it is however the inputs move a little, as far as is plain to see."""
        flat, values = self.flat, self.values
        if kind == _INPUT:
            return False
        if kind == _TEST:
            # A comparison of numbers that differ stays as it is.
            numbers = [values[i] for i in operands]
            same = len(numbers) == 2 and not isinstance(numbers[0], bool)
            same = same and None not in numbers and numbers[0] != numbers[1]
            return same or all(flat[i] for i in operands)
        if kind == _CHOICE:
            taken, sure = self._taken(operands)
            return sure and taken is not None and bool(flat[self.plan[taken][2][0]])
        if kind == _EXTREME and values[node] is not UNDEFINED:
            return all(flat[i] for i in operands if values[i] == values[node])
        if kind == _PRODUCT and values[node] == 0:
            return any(flat[i] and values[i] == 0 for i in operands) or all(
                flat[i] for i in operands
            )
        return all(flat[i] for i in operands)

    def _taken(self, pairs: Sequence[int]) -> tuple[int | None, bool]:
        """Return the pair that a choice takes, and whether all conditions up to it stay as they are."""
        sure = True
        for pair in pairs:
            condition = self.plan[pair][2][1] if self.plan[pair][2] else pair
            sure = sure and bool(self.flat[condition])
            value = self.values[pair]
            if value is UNDEFINED or value[1] is UNDEFINED:
                return None, False
            if value[1]:
                return pair, sure
        return None, False

    def _local(
        self, kind: int, what: Any, node: int, operands: Sequence[int]
    ) -> list[tuple[int, Any]]:
        """Return the operands that a node depends on at the point, each with the slope by it; None where there is none."""
        values = [self.values[i] for i in operands]
        if kind == _SUM:
            return [(operand, _ONE) for operand in operands]
        if kind == _PAIR:
            return [(operands[0], _ONE)]
        if kind == _PRODUCT:
            before, after = [mpmath.mpf(1)], [mpmath.mpf(1)]
            for first, last in zip(values[:-1], values[:0:-1]):
                before.append(before[-1] * first)
                after.append(after[-1] * last)
            others = (x * y for x, y in zip(before, reversed(after)))
            return list(zip(operands, others))
        if kind == _CHOICE:
            taken, sure = self._taken(operands)
            if sure and taken is not None:
                return [(taken, _ONE)]
        if kind == _EXTREME:
            most = [i for i in operands if self.values[i] == self.values[node]]
            return [(operand, _ONE if len(most) == 1 else None) for operand in most]
        if kind in (_CHOICE, _TEST):
            return [(operand, None) for operand in operands]
        jumps = kind == _STAIRS
        found = []
        for place, operand in enumerate(operands):
            if self.flat[operand]:
                continue

            def near(step: Any, place: int = place) -> Any:
                moved = list(values)
                moved[place] = moved[place] + step
                return _real(what, moved)

            here, value = values[place], self.values[node]
            found.append((operand, quotient(near, here, value, self.digits, jumps)))
        return found


#: The slope of what passes through unchanged.
_ONE = mpmath.mpf(1)


def _added(total: tuple[Any, int] | None, slope: Any, size: int) -> tuple[Any, int]:
    """Return a sum of slopes, which exists where all do, with the exponent of its largest part."""
    if total is None:
        return slope, size
    if total[0] is None or slope is None:
        return None, size
    return total[0] + slope, max(total[1], size)


def _applied(kind: int, what: Any, operands: list[Any]) -> Any:
    """Return the value of a node; of sums and products of two, which make up most of a formula, without ado."""
    if kind not in (_SUM, _PRODUCT) or len(operands) != 2:
        return _real(what, operands)
    x, y = operands
    if x is UNDEFINED or y is UNDEFINED:
        return UNDEFINED
    result = x + y if kind == _SUM else x * y
    if result and not -_FAR < mpmath.mag(result) < _FAR:
        return UNDEFINED if mpmath.mag(result) > 0 else mpmath.mpf(0)
    return result


def _real(meaning: Callable[..., Any], operands: list[Any]) -> Any:
    """Apply a function; return None where the result is no finite real number."""
    try:
        if meaning in LAZY:
            return meaning(*operands)
        if any(operand is UNDEFINED for operand in operands):
            return UNDEFINED
        result = meaning(*operands)
    except (ArithmeticError, ValueError, mpmath.libmp.NoConvergence):
        return UNDEFINED
    if isinstance(result, (bool, tuple)):
        return result
    if isinstance(result, mpmath.mpc):
        result = result.real if result.imag == 0 else UNDEFINED
    if result is None or not mpmath.isfinite(result):
        return UNDEFINED
    # What is far beyond a double either way would take forever to go on with.
    size = mpmath.mag(result) if result else 0
    if size > _FAR:
        return UNDEFINED
    return result if size > -_FAR else mpmath.mpf(0)


_KINDS: Mapping[type[Any], int] = {
    sp.Add: _SUM,
    sp.Mul: _PRODUCT,
    sp.Piecewise: _CHOICE,
    ExprCondPair: _PAIR,
    sp.Max: _EXTREME,
    sp.Min: _EXTREME,
    **dict.fromkeys((sp.floor, sp.ceiling, sp.frac, sp.Mod), _STAIRS),
    **dict.fromkeys(
        (
            *(sp.And, sp.Or, sp.Not, sp.StrictLessThan, sp.LessThan),
            *(sp.StrictGreaterThan, sp.GreaterThan, sp.Equality, sp.Unequality),
        ),
        _TEST,
    ),
}
