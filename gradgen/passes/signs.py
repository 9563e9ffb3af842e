"""Values that lines say in; their signs, and what is no more than a name, a number or their negative, out."""

from __future__ import annotations

from collections.abc import Container
from fractions import Fraction

from gradgen.core.build import Steps


def bare(steps: Steps, value: int, known: Container[int] = ()) -> int:
    """Return what a copy is of, down to what has a name."""
    while value not in known and steps[value].op == "copy":
        value = steps[value].args[0]
    return value


def is_light(steps: Steps, value: int, known: Container[int]) -> bool:
    """Whether a value is no more than a name, a number or their negative."""
    while value not in known and steps[value].op in ("neg", "copy"):
        value = steps[value].args[0]
    return value in known or steps.is_constant(value)


def negative(
    steps: Steps, value: int, known: Container[int], numbers: bool = False
) -> int | None:
    """Return what a value is the negative of, if its text begins with that sign and it has no name.

    Args:
        steps: the steps.
        value: the value.
        known: what has a name.
        numbers: whether a number has a sign as well.
    """
    if value in known:
        return None
    step, number = steps[value], steps.number(value)
    if isinstance(number, (Fraction, float)):
        return steps.const(-number) if numbers and number < 0 else None
    if step.op == "neg":
        return step.args[0]
    if step.op not in ("mul", "div"):
        return None
    inner = negative(steps, step.args[0], known, numbers)
    return None if inner is None else steps.emit(step.op, inner, step.args[1])


def negated(steps: Steps, value: int, known: Container[int]) -> int:
    """Return minus a value, with the sign in front of its text."""
    step, number = steps[value], steps.number(value)
    if value in known:
        return steps.emit("neg", value)
    if isinstance(number, (Fraction, float)):
        return steps.const(-number or -float(number))  # 0 has two signs
    if step.op == "neg":
        return step.args[0]
    if step.op in ("mul", "div"):
        one, other = step.args
        if step.op == "mul" and steps[one].op == "where" and one not in known:
            return steps.emit("mul", one, negated(steps, other, known))
        return steps.emit(step.op, negated(steps, one, known), other)
    return steps.emit("neg", value)
