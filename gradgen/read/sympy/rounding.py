"""A formula in; the condition or the step of its constants out, if there is one, that holds or not by how they are rounded."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

import sympy as sp

from gradgen.core.doubles import DOUBLES
from gradgen.core.rows import Row
from gradgen.read.sympy.nodes import ByNode, below, operands_first
from gradgen.read.sympy.table import BY_NODE

#: Numbers that are so near to each other, to their size, may be equal or not by rounding.
_NEAR = 1e-12
#: Beyond this not every whole number is a double.
_WHOLE = 2.0**53
#: Numbers of more bits are not worked out.
_BITS = 4096
_COMPARED = ("lt", "le", "gt", "ge", "eq", "ne")
#: What jumps at 0 alone.
_AT_ZERO = ("sign", "heaviside")


class Known(NamedTuple):
    """What a constant comes to exactly, where it is rational; in double precision; and whether that is another number."""

    number: Fraction | float
    double: float
    rounded: bool


def decided_by_rounding(roots: Iterable[sp.Basic]) -> sp.Basic | None:
    """Return a comparison or a step, as floor, of constants that come to one thing exactly and may come to another in double precision."""
    roots = [*roots]
    if not any(map(_jumps, {type(node) for node in below(roots)})):  # as nearly always
        return None
    done: ByNode[Known | None] = ByNode()
    for node in operands_first(roots, done):
        operands = done.of(node.args)
        row = BY_NODE.get(type(node))
        found: Known | None = None
        if not operands:
            found = _leaf(node)
        elif None not in operands:
            known = [operand for operand in operands if operand is not None]
            same = len(node.args) == 2 and node.args[0] == node.args[1]
            if row is not None and not same and _is_doubtful(row, known):
                return node
            found = _worked_out(node, row, known)
        done[node] = found
    return None


def _jumps(kind: type[sp.Basic]) -> bool:
    """Whether a node of a type may be one that `_is_doubtful` tells of."""
    row = BY_NODE.get(kind)
    stepped = row is not None and row.flat and not row.boolean
    return stepped or (row is not None and row.name in (*_COMPARED, "mod"))


def _leaf(node: sp.Basic) -> Known | None:
    if isinstance(node, sp.Rational):
        exact = Fraction(int(node.p), int(node.q))
        return _exact(exact, float(exact), False)
    if isinstance(node, (sp.Float, sp.NumberSymbol)):
        return Known(float(node), float(node), False)
    return None


def _exact(number: Fraction, double: float, rounded: bool) -> Known | None:
    """Return a rational number that comes to this double, as its parts are written."""
    if _bits(number) > _BITS:
        return None
    # A whole number is exact in Python, however large it is.
    large = number.denominator == 1 and number != Fraction(double)
    return Known(number, double, rounded or large or float(number) != double)


def _worked_out(
    node: sp.Basic, row: Row | None, known: Sequence[Known]
) -> Known | None:
    rounded = any(operand.rounded for operand in known)
    doubles = [operand.double for operand in known]
    exact = [k.number for k in known if isinstance(k.number, Fraction)]
    is_exact = len(exact) == len(known)
    try:
        if isinstance(node, sp.Add):
            total = reduce(operator.add, doubles)
            return _exact(sum(exact, Fraction(0)), total, rounded) if is_exact else Known(total, total, rounded)  # fmt: skip
        if isinstance(node, sp.Mul):
            total = reduce(operator.mul, doubles)
            if not is_exact:
                return Known(total, total, rounded)
            # SymPy's a*b**(-1) is a/b, or a product with 1/b.
            divided = reduce(_times, zip(node.args, doubles), 1.0)
            return _exact(
                math.prod(exact, start=Fraction(1)), total, rounded or divided != total
            )
        if isinstance(node, sp.Pow) and is_exact:
            base, power = exact
            if power.denominator == 1 and abs(power) * _bits(base) <= _BITS:
                return _exact(base ** int(power), doubles[0] ** int(power), rounded)
        name = "pow" if isinstance(node, sp.Pow) else row.name if row else ""
        if name in DOUBLES:
            value = float(DOUBLES[name](*doubles))
            return Known(value, value, rounded)
    except (ArithmeticError, ValueError, TypeError):
        pass
    return None


def _times(total: float, factor: tuple[sp.Basic, float]) -> float:
    node, double = factor
    inverse = isinstance(node, sp.Pow) and node.exp == -1 and node.base.is_Number
    return total / float(node.base) if inverse else total * double


def _bits(number: Fraction) -> int:
    return max(number.numerator.bit_length(), number.denominator.bit_length())


def _is_doubtful(row: Row, known: Sequence[Known]) -> bool:
    """Whether an operation of constants jumps where they are, and they are rounded."""
    if not any(operand.rounded for operand in known):
        return False
    first, second = known[0].number, known[-1].number
    if row.name in _COMPARED:
        return _near(first, second)
    if row.name == "mod":
        large = max(abs(float(first)), abs(float(second))) > _WHOLE
        return large or (second != 0 and _near(Fraction(first) / Fraction(second)))
    if row.name in _AT_ZERO:
        return _near(first, 0.0)
    jumps = 2 * first if row.name == "round" else first
    return row.flat and not row.boolean and _near(jumps)


def _near(number: Fraction | float, other: Fraction | float | None = None) -> bool:
    """Whether two numbers are equal to rounding, or a number is whole."""
    one = float(number)
    if not math.isfinite(one):
        return False
    beside = round(one) if other is None else float(other)
    return abs(one - beside) <= _NEAR * max(1.0, abs(one), abs(beside))
