"""A program in; the same program out, its operations on constants folded."""

from __future__ import annotations

from gradgen.core.build import Steps, power, quotient
from gradgen.core.program import Program, Step
from gradgen.passes.moved import finish_from

#: Powers whose kind depends on what their operands come to.
_POWERS = ("pow", "powr", "expb")


def fold_constants(program: Program) -> Program:
    """Fold the operations on constants of a program that was staged without.

    Raises:
        ZeroDivisionError, OverflowError: as the arithmetic does.
    """
    numbers = {value for value, step in enumerate(program.steps) if step.op == "const"}
    if not any(_may_fold(step, numbers) for step in program.steps):
        return program
    steps = Steps(program.rows)
    moved: dict[int, int] = {}
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
    return finish_from(program, steps, moved)


def _may_fold(step: Step, numbers: set[int]) -> bool:
    """Whether a step is the first of those that fold: an operation on numbers alone."""
    return step.op in _POWERS or bool(step.args and numbers.issuperset(step.args))
