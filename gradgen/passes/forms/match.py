"""A pattern and a step in; the values of the pattern's variables out, if the step is of that form."""

from __future__ import annotations

from gradgen.core.program import Program, Step
from gradgen.passes.forms.factors import Values
from gradgen.passes.forms.rules import ANY_POWER, COMMUTATIVE, POWERS, Bound


def match(
    values: Values, pattern: Program, at: int, step: Step, bound: Bound
) -> Bound | None:
    """Match the pattern's value `at` with `step`; return the variables' values. The recursion is as deep as the pattern."""
    wanted = pattern.steps[at]
    power = wanted.op == "pow" and step.op in ANY_POWER
    if wanted.op != step.op and not power:
        return None
    orders = [step.args]
    if power and step.op in POWERS:
        orders = [(*step.args, values.builder.const(POWERS[step.op]))]
    if step.op in COMMUTATIVE:
        orders.append(step.args[::-1])
    for args in orders:
        found: Bound | None = bound
        for part, value in zip(wanted.args, args):
            if found is not None:
                found = _operand(values, pattern, part, value, found)
        if found is not None:
            return found
    return None


def _operand(
    values: Values, pattern: Program, part: int, value: int, bound: Bound
) -> Bound | None:
    wanted = pattern.steps[part]
    if wanted.op == "const":
        number = values.builder.number(value)
        same = number == wanted.data and isinstance(number, str) == isinstance(wanted.data, str)  # fmt: skip
        return bound if same else None
    if wanted.op == "input":
        if part in bound:
            return bound if bound[part] == value else None
        return {**bound, part: value}
    if wanted.op == "neg":
        # Where x is -a, -x is a.
        known = bound.get(wanted.args[0])
        if known is not None:
            return bound if _opposite(values, known, value) else None
    step = values.builder.list[value]
    return None if step.op == "input" else match(values, pattern, part, step, bound)


def _opposite(values: Values, a: int, b: int) -> bool:
    """Whether one value is minus the other, as far as their signs and numbers tell."""
    first, second = values.factors((a, 1)), values.factors((b, 1))
    if first.powers == second.powers:
        return first.number == -second.number
    one, other = values.builder[a], values.builder[b]
    return one.op == other.op == "sub" and one.args == other.args[::-1]
