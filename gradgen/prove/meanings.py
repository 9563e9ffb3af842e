"""A node of SymPy in; how mpmath evaluates it out: what SymPy says that it is, and none of gradgen's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import mpmath
import sympy as sp
from sympy.codegen import cfunctions as cf
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom

from gradgen.read.sympy import functions as fn

#: What has no finite real value at a point, as log(-1); it spreads like a NaN, but not out of a branch not taken.
UNDEFINED = None


def _pair(value: Any, condition: Any) -> Any:
    return value, condition


def _choice(*pairs: Any) -> Any:
    for value, condition in pairs:
        if condition is UNDEFINED:
            return UNDEFINED
        if condition:
            return value
    return UNDEFINED


def all_of(*conditions: Any) -> Any:
    """Return whether all conditions hold; undefined where one is before any is False."""
    for condition in conditions:
        if condition is UNDEFINED or not condition:
            return condition
    return True


def any_of(*conditions: Any) -> Any:
    """Return whether some condition holds; undefined where one is before any is True."""
    for condition in conditions:
        if condition is UNDEFINED or condition:
            return condition
    return False


def power(base: Any, exponent: Any) -> Any:
    if base == 0 and exponent < 0:
        return UNDEFINED
    return mpmath.power(base, exponent)


def _exp(x: Any) -> Any:
    if x and mpmath.mag(x) > 32:
        return UNDEFINED if x > 0 else mpmath.mpf(0)
    return mpmath.exp(x)


#: Nodes that do not need all their operands.
LAZY = (_pair, _choice, all_of, any_of)

MEANINGS: Mapping[Callable[..., Any], Callable[..., Any]] = {
    sp.Add: lambda *terms: mpmath.fsum(terms),
    sp.Mul: lambda *factors: mpmath.fprod(factors),
    sp.Pow: power,
    sp.exp: _exp,
    ExprCondPair: _pair,
    sp.Piecewise: _choice,
    sp.And: all_of,
    sp.Or: any_of,
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
    # The tail far out is below the last digit of 1.
    fn.log_norm_cdf: lambda x: (
        mpmath.log1p(-mpmath.erfc(x / mpmath.sqrt(2)) / 2)
        if x > 0
        else mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2)
    ),
    sp.sinc: lambda x: mpmath.sinc(x),
    # mpmath continues these beyond the domain that gradgen states.
    sp.zeta: lambda s: mpmath.zeta(s) if s > 1 else UNDEFINED,
    sp.polygamma: lambda n, x: (mpmath.psi(n, x) if n <= 1 or x > 0 else UNDEFINED),
    sp.Mod: lambda x, y: mpmath.fmod(x, y) if y else UNDEFINED,
    sp.beta: lambda a, b: mpmath.beta(a, b) if min(a, b) > 0 else UNDEFINED,
    fn.logbeta: lambda a, b: (
        mpmath.log(mpmath.beta(a, b)) if min(a, b) > 0 else UNDEFINED
    ),
    fn.gammainc: lambda a, x: (
        mpmath.gammainc(a, 0, x, regularized=True) if min(a, x) > 0 else UNDEFINED
    ),
    fn.gammaincc: lambda a, x: (
        mpmath.gammainc(a, x, regularized=True) if min(a, x) > 0 else UNDEFINED
    ),
}


def meaning_of(node: sp.Basic) -> Callable[..., Any]:
    """Return how mpmath evaluates a node, given its operands' values; of an atom, its value."""
    if isinstance(node, BooleanAtom):
        truth = bool(node)
        return lambda: truth
    if node.is_Integer:
        whole = node.p
        return lambda: mpmath.mpf(whole)
    if node.is_Float:
        number = mpmath.mp.make_mpf(node._mpf_)
        return lambda: +number
    if node.is_Atom:
        return lambda: node._to_mpmath(mpmath.mp.prec)
    return meaning_of_kind(node.func, len(node.args))


def meaning_of_kind(kind: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Return how mpmath evaluates a kind of node with so many operands."""
    return MEANINGS.get(kind) or _function(kind, count)


@cache
def _function(cls: Callable[..., Any], count: int) -> Callable[..., Any]:
    symbols = sp.symbols(f"x:{count}", real=True)
    meaning: Callable[..., Any] = sp.lambdify(
        symbols, sp.expand_func(cls(*symbols)), "mpmath"
    )
    return meaning
