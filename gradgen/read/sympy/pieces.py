"""The conditions of a choice's pieces in; whether they leave no case open, out."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import sympy as sp
from sympy.logic.boolalg import BooleanAtom

from gradgen.read.sympy.nodes import ByNode

#: More conditions end with one that holds always, and what they compare is no longer than this.
_MOST = 60
_LONGEST = 50_000

_TRUTHS = {
    sp.StrictLessThan: (True, False, False),
    sp.LessThan: (True, True, False),
    sp.Equality: (False, True, False),
    sp.GreaterThan: (False, True, True),
    sp.StrictGreaterThan: (False, False, True),
    sp.Unequality: (True, False, True),
}


def leave_nothing(conditions: Sequence[sp.Basic]) -> bool:
    """Whether one of these conditions holds always, as of x < 0, x == 0 and x > 0, if all compare one value with numbers.

    Also if all compare the same two values. What is not a number is in no case.
    """
    order: list[sp.Basic] = []
    todo = list(conditions)
    while todo and len(order) <= _MOST:
        node = todo.pop()
        order.append(node)
        if isinstance(node, (sp.And, sp.Or, sp.Not)):
            todo += node.args
        elif type(node) not in _TRUTHS and not isinstance(node, BooleanAtom):
            return False
    if len(order) > _MOST:
        return False
    compared: list[tuple[sp.Basic, ...]] = []
    bounds: ByNode[tuple[Fraction, bool]] = ByNode()
    for node in order:
        if type(node) in _TRUTHS:
            key, bound, turned = _read(node)
            if compared and not _equal(key, compared[0]):
                key, turned = key[::-1], not turned
                if len(key) < 2 or not _equal(key, compared[0]):
                    return False
            compared.append(key)
            bounds[node] = bound, turned
    numbers = sorted({bound for bound, _ in bounds.values()})
    numbers = numbers or [Fraction(0)]
    between = [(a + b) / 2 for a, b in pairwise(numbers)]
    points = [numbers[0] - 1, *numbers, *between, numbers[-1] + 1]
    return all(_any_holds(conditions, order, bounds, point) for point in points)


def _read(node: sp.Basic) -> tuple[tuple[sp.Basic, ...], Fraction, bool]:
    """Return what a comparison compares, with which number, and whether it is turned round."""
    left, right = node.args
    if right.is_Number and not left.is_Number and right.is_finite:
        return (left,), _exact(right), False
    if left.is_Number and left.is_finite:
        return (right,), _exact(left), True
    return (left, right), Fraction(0), False


def _exact(number: sp.Basic) -> Fraction:
    if number.is_Rational:
        return Fraction(int(number.p), int(number.q))
    return Fraction(float(number))


def _any_holds(
    conditions: Sequence[sp.Basic],
    order: Sequence[sp.Basic],
    bounds: ByNode[tuple[Fraction, bool]],
    point: Fraction,
) -> bool:
    truth: ByNode[bool] = ByNode()
    for node in reversed(order):
        if node in bounds:
            bound, turned = bounds[node]
            side = (point > bound) - (point < bound)
            truth[node] = _TRUTHS[type(node)][1 + (-side if turned else side)]
        elif isinstance(node, BooleanAtom):
            truth[node] = bool(node)
        elif isinstance(node, sp.Not):
            truth[node] = not truth[node.args[0]]
        else:
            join = all if isinstance(node, sp.And) else any
            truth[node] = join(truth[arg] for arg in node.args)
    return any(truth[condition] for condition in conditions)


def _equal(one: Sequence[sp.Basic], other: Sequence[sp.Basic]) -> bool:
    """Whether the expressions are the same; not recursive, and False for long ones."""
    todo = list(zip(one, other))
    if len(one) != len(other):
        return False
    for _ in range(_LONGEST):
        if not todo:
            return True
        a, b = todo.pop()
        if a is b:
            continue
        if type(a) is not type(b) or len(a.args) != len(b.args):
            return False
        if not a.args and a != b:
            return False
        todo += zip(a.args, b.args)
    return False
