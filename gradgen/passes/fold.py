"""A program in; the same program out, its operations on constants folded."""

from __future__ import annotations

from collections.abc import Mapping

from gradgen.core.build import Steps, power, quotient
from gradgen.core.program import Program, Step
from gradgen.passes.constants import Constant, as_number, named
from gradgen.passes.moved import finish_from

#: Powers whose kind depends on what their operands come to.
_POWERS = ("pow", "powr", "expb")


def fold_constants(
    program: Program, constants: Mapping[str, Constant] | None = None
) -> Program:
    """Fold the operations on constants of a program that was staged without.

    Args:
        program: the program.
        constants: what the user named that is constant, by these names.

    Raises:
        ZeroDivisionError, OverflowError: as the arithmetic does.
    """
    numbers = {value for value, step in enumerate(program.steps) if step.op == "const"}
    if not any(_may_fold(step, numbers) for step in program.steps):
        return program
    steps = Steps(program.rows)
    moved: dict[int, int] = {}
    results = {value for _, value in program.outputs}
    given = {v: text for text, v, _ in program.given if v not in results}
    for value, step in enumerate(program.steps):
        args = [moved[arg] for arg in step.args]
        below = program.denominator(value)
        if not args:
            moved[value] = steps.append(step)
        elif below is not None and steps.is_constant(moved[below]):
            moved[value] = quotient(steps, args[0], moved[below])
        elif step.op in _POWERS:
            moved[value] = power(steps, *args)
        elif step.data == "precise":
            moved[value] = steps.append(step._replace(args=tuple(args)))
        else:
            moved[value] = steps.emit(step.op, *args)
        if args and value not in results and all(map(steps.is_constant, args)):
            known = (constants or {}).get(given.get(value, ""))
            moved[value] = _folded(steps, moved[value], known)
    return finish_from(program, steps, moved)


def _folded(steps: Steps, value: int, known: Constant | None) -> int:
    """Return a value that is made of constants under the name that it is `known` by, and as a number where it would have a line."""
    if known is None and steps.is_constant(value):
        return value
    number = as_number(steps, value)
    if number is None:
        return value
    if known is not None:
        name, _, _, note, place = known.origin
        number = known if number == known else named(number, name, note, place)
    return steps.const(number)


def _may_fold(step: Step, numbers: set[int]) -> bool:
    """Whether a step is the first of those that fold: an operation on numbers alone."""
    return step.op in _POWERS or bool(step.args and numbers.issuperset(step.args))
