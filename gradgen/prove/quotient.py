"""A function and a point in; its slope there by differences out, where both sides agree on one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath

from gradgen.prove.meanings import UNDEFINED


def quotient(
    near: Callable[[Any], Any], at: Any, value: Any, digits: int, jumps: bool = False
) -> Any:
    """Return a central difference quotient, if both sides agree; None where there is none.

    Args:
        near: the value where the variable has moved by a step.
        at: the variable.
        value: the value there.
        digits: the working precision.
        jumps: whether the function jumps at whole numbers, so that large steps say nothing.
    """
    part, size = mpmath.mpf(10) ** -(digits // 4), mpmath.fabs(at)
    # A step that suits most functions; then one for what changes within a small part of a small or a large number.
    steps = [
        max(size, 1) * part,
        *([min(size, 1) * part] if size not in (0, 1) else []),
    ]
    found = [
        candidate
        for step in (steps[-1:] if jumps else steps[:1])
        if (candidate := _estimate(near, step, value, digits)) is not None
    ]
    if not jumps and steps[1:] and not (found and found[0].error <= found[0].noise):
        other = _estimate(near, steps[1], value, digits)
        # Digits that are lost beside the value must not pass for a slope.
        sure = other and mpmath.fabs(other.slope) >= other.noise * 10**10
        if other is not None and (sure or not (found or other.slope)):
            found.append(other)
    best = min(found, key=lambda one: one.error + one.noise, default=None)
    return None if best is None else best.slope


@dataclass(frozen=True)
class _Estimate:
    """A difference quotient, with the size of what it leaves out and of its rounding."""

    slope: Any
    error: Any
    noise: Any


def _estimate(
    near: Callable[[Any], Any], step: Any, value: Any, digits: int
) -> _Estimate | None:
    """Return the quotient for a step of fourth order, for which 0 comes out as 0 far beyond the range of a double.

    None at a kink, where the sides do not come together as the step gets smaller, and at a jump or a pole, where the quotient
    grows.
    """
    sides = []
    for h in (step, 2 * step):
        after, before = near(h), near(-h)
        if after is UNDEFINED or before is UNDEFINED:
            return None
        sides.append(((after - value) / h, (value - before) / h))
    small = mpmath.mpf(10) ** -(digits // 16)
    noise = (1 + mpmath.fabs(value)) * mpmath.mpf(10) ** (20 - digits) / step
    gaps = [mpmath.fabs(right - left) for right, left in sides]
    one, two = ((right + left) / 2 for right, left in sides)
    scale = max(mpmath.fabs(side) for side in sides[0]) * small
    if gaps[0] > max(scale, noise) and gaps[0] > 0.6 * gaps[1]:
        return None
    off = mpmath.fabs(one - two)
    if off <= max(mpmath.fabs(one) * small, noise):
        error = off * off / mpmath.fabs(one) if one else mpmath.mpf(0)
    elif mpmath.fabs(one) <= 0.3 * mpmath.fabs(two):
        error = mpmath.fabs(one)
    else:
        return None
    return _Estimate((4 * one - two) / 3, error, noise)
