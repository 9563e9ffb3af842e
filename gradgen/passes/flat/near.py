"""An operation and its operands in; what it is near a point where it is steep, or flat, out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gradgen.core.doubles import evaluated
from gradgen.core.program import Step
from gradgen.passes.facts import Facts

#: Operations whose slope is 0 where they hold on to another operand.
HOLDING = ("max", "min", "relu")


def exponent(facts: Facts, step: Step) -> float:
    """Return c where an operation is like u**c near where it is steep; next to 0 where it is like no power."""
    if step.op in ("sqrt", "asin", "acos", "acosh"):
        return 0.5
    if step.op == "powr":
        return max(0.0, facts.number(step.args[1]))
    return 1 / 3 if step.op == "cbrt" else 1e-300


def power_of(facts: Facts, step: Step) -> float:
    """Return the exponent of a square or a whole power."""
    return 2.0 if step.op == "sqr" else facts.number(step.args[1])


#: Operations whose values the standard library of every Python does not have.
_VALUES: dict[str, Callable[..., float]] = {
    "abs": abs,
    "cbrt": lambda x: math.copysign(abs(x) ** (1 / 3), x),
}


def value_of(step: Step, values: Sequence[float | None]) -> float | None:
    """Return what an operation makes of known values."""
    if None in values:
        return None
    if step.op in _VALUES:
        return _VALUES[step.op](*values)
    try:
        value = evaluated(step.op, *[v for v in values if v is not None])
    except (ArithmeticError, ValueError, TypeError):
        return None
    return None if math.isnan(value) else value
