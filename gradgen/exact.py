"""A formula and a point in; its value and gradient to hundreds of digits out, by mpmath alone: none of gradgen's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import sympy as sp
from sympy.codegen import cfunctions as cf
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom

from gradgen import functions as fn
from gradgen.nodes import ByNode

#: Enough for differences of numbers from 1e308 to 1e-308.
DIGITS = 450

#: The binary logarithm of what is far beyond a double.
_FAR = 3000
#: What has no finite real value at a point, as log(-1); it spreads like a NaN, but not out of a branch not taken.
_UNDEFINED = None


@dataclass(frozen=True)
class Exact:
    """The truth at a point.

    Attributes:
        value: None outside the formula's domain.
        slopes: one per input asked for; None where the formula has a kink, a jump, or the edge of its domain.
    """

    value: Any
    slopes: tuple[Any, ...]


class ExactFormula:
    """A formula ready to be evaluated at many points.

    Args:
        expr: an expression as the parser reads it.
        inputs: the names of its variables, in the order of the points.
        digits: the working precision. A difference quotient's step is about its fourth part, and one-sided quotients that
            agree in less than its sixteenth part belong to a kink or a jump.
    """

    def __init__(
        self, expr: sp.Expr, inputs: Sequence[str], digits: int = DIGITS
    ) -> None:
        self.digits = digits
        places = {name: place for place, name in enumerate(inputs)}
        #: One entry per node, operands first: how to evaluate it, and the places of its operands.
        self.plan: list[tuple[Callable[..., Any] | int, tuple[int, ...]]] = []
        done: ByNode[int] = ByNode()
        todo: list[sp.Basic] = [expr]
        while todo:
            node = todo[-1]
            missing = [arg for arg in node.args if arg not in done]
            if missing and node not in done:
                todo += missing
                continue
            todo.pop()
            if node not in done:
                done[node] = len(self.plan)
                if node.is_Symbol:
                    entry: Any = (places[node.name], ())
                else:
                    operands = tuple(done[arg] for arg in node.args)
                    entry = (_meaning(node), operands)
                self.plan.append(entry)

    def at(self, point: Sequence[float], wrt: Sequence[int]) -> Exact:
        """Return the truth at a point, with the slopes by the inputs at `wrt`."""
        with mpmath.workdps(self.digits):
            exact = [mpmath.mpf(x) for x in point]
            value = self._value(exact)
            if value is _UNDEFINED:
                return Exact(None, (None,) * len(wrt))
            return Exact(value, tuple(self._slope(exact, i, value) for i in wrt))

    def _value(self, point: Sequence[Any]) -> Any:
        values: list[Any] = []
        for meaning, operands in self.plan:
            values.append(self._step(meaning, operands, values, point))
        return values[-1]

    def _step(
        self,
        meaning: Callable[..., Any] | int,
        operands: tuple[int, ...],
        values: list[Any],
        point: Sequence[Any],
    ) -> Any:
        if isinstance(meaning, int):
            return point[meaning]
        return _real(meaning, [values[i] for i in operands])

    def _slope(self, point: list[Any], place: int, value: Any) -> Any:
        """Return a central difference quotient, if both sides agree."""
        ten, quarter = mpmath.mpf(10), self.digits // 4
        h = max(mpmath.fabs(point[place]), 1) * ten**-quarter
        sides = []
        for step in (h, -h):
            moved = list(point)
            moved[place] += step
            beside = self._value(moved)
            if beside is _UNDEFINED:
                return None
            sides.append((beside - value) / step)
        right, left = sides
        scale = max(mpmath.fabs(right), mpmath.fabs(left)) * ten ** -(quarter // 4)
        noise = (1 + mpmath.fabs(value)) * ten ** (20 + quarter - self.digits)
        if mpmath.fabs(right - left) > max(scale, noise):
            return None
        return (right + left) / 2


def _real(meaning: Callable[..., Any], operands: list[Any]) -> Any:
    """Apply a function; return None where the result is no finite real number."""
    try:
        if meaning in _LAZY:
            return meaning(*operands)
        if any(operand is _UNDEFINED for operand in operands):
            return _UNDEFINED
        result = meaning(*operands)
    except (ArithmeticError, ValueError, mpmath.libmp.NoConvergence):
        return _UNDEFINED
    if isinstance(result, (bool, tuple)):
        return result
    if isinstance(result, mpmath.mpc):
        result = result.real if result.imag == 0 else _UNDEFINED
    if result is None or not mpmath.isfinite(result):
        return _UNDEFINED
    # What is far beyond a double either way would take forever to go on with.
    size = mpmath.mag(result) if result else 0
    if size > _FAR:
        return _UNDEFINED
    return result if size > -_FAR else mpmath.mpf(0)


# The meaning of nodes. Functions are what SymPy says they are, written for mpmath by SymPy.


def _pair(value: Any, condition: Any) -> Any:
    return value, condition


def _choice(*pairs: Any) -> Any:
    for value, condition in pairs:
        if condition is _UNDEFINED:
            return _UNDEFINED
        if condition:
            return value
    return _UNDEFINED


def _all(*conditions: Any) -> Any:
    for condition in conditions:
        if condition is _UNDEFINED or not condition:
            return condition
    return True


def _any(*conditions: Any) -> Any:
    for condition in conditions:
        if condition is _UNDEFINED or condition:
            return condition
    return False


def _power(base: Any, exponent: Any) -> Any:
    if base == 0 and exponent < 0:
        return _UNDEFINED
    return mpmath.power(base, exponent)


def _exp(x: Any) -> Any:
    if x and mpmath.mag(x) > 32:
        return _UNDEFINED if x > 0 else mpmath.mpf(0)
    return mpmath.exp(x)


#: Nodes that do not need all their operands.
_LAZY = (_pair, _choice, _all, _any)

_MEANINGS: Mapping[type[Any], Callable[..., Any]] = {
    sp.Add: lambda *terms: mpmath.fsum(terms),
    sp.Mul: lambda *factors: mpmath.fprod(factors),
    sp.Pow: _power,
    sp.exp: _exp,
    ExprCondPair: _pair,
    sp.Piecewise: _choice,
    sp.And: _all,
    sp.Or: _any,
    sp.Not: lambda condition: not condition,
    sp.StrictLessThan: lambda x, y: bool(x < y),
    sp.LessThan: lambda x, y: bool(x <= y),
    sp.StrictGreaterThan: lambda x, y: bool(x > y),
    sp.GreaterThan: lambda x, y: bool(x >= y),
    sp.Equality: lambda x, y: bool(x == y),
    sp.Unequality: lambda x, y: bool(x != y),
    sp.Max: max,
    sp.Min: min,
    sp.Heaviside: lambda x, at_zero: at_zero if x == 0 else mpmath.mpf(x > 0),
    cf.Cbrt: lambda x: mpmath.sign(x) * mpmath.cbrt(mpmath.fabs(x)),
    sp.loggamma: lambda x: mpmath.log(mpmath.fabs(mpmath.gamma(x))),
    fn.trunc: lambda x: mpmath.sign(x) * mpmath.floor(mpmath.fabs(x)),
    fn.rounded: mpmath.nint,
    sp.erfcinv: lambda x: mpmath.erfinv(1 - x),
    sp.sinc: lambda x: mpmath.sinc(x),
    # mpmath continues these beyond the domain that gradgen states.
    sp.zeta: lambda s: mpmath.zeta(s) if s > 1 else _UNDEFINED,
    sp.polygamma: lambda n, x: (mpmath.psi(n, x) if n <= 1 or x > 0 else _UNDEFINED),
    sp.Mod: lambda x, y: mpmath.fmod(x, y) if y else _UNDEFINED,
    sp.beta: lambda a, b: mpmath.beta(a, b) if min(a, b) > 0 else _UNDEFINED,
    fn.logbeta: lambda a, b: (
        mpmath.log(mpmath.beta(a, b)) if min(a, b) > 0 else _UNDEFINED
    ),
    fn.gammainc: lambda a, x: (
        mpmath.gammainc(a, 0, x, regularized=True) if min(a, x) > 0 else _UNDEFINED
    ),
    fn.gammaincc: lambda a, x: (
        mpmath.gammainc(a, x, regularized=True) if min(a, x) > 0 else _UNDEFINED
    ),
}


def _meaning(node: sp.Basic) -> Callable[..., Any]:
    if isinstance(node, BooleanAtom):
        truth = bool(node)
        return lambda: truth
    if node.is_Atom:
        return lambda: node._to_mpmath(mpmath.mp.prec)
    return _MEANINGS.get(node.func) or _function(node.func, len(node.args))


@cache
def _function(cls: Callable[..., Any], count: int) -> Callable[..., Any]:
    symbols = sp.symbols(f"x:{count}", real=True)
    meaning: Callable[..., Any] = sp.lambdify(
        symbols, sp.expand_func(cls(*symbols)), "mpmath"
    )
    return meaning
