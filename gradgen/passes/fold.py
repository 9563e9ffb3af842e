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
    folder = _Folder(program, constants)
    for value, step in enumerate(program.steps):
        folder.moved[value] = folder.step(value, step)
    return finish_from(program, folder.steps, folder.moved)


class _Folder:
    """Makes the steps of a program anew."""

    def __init__(
        self, program: Program, constants: Mapping[str, Constant] | None
    ) -> None:
        self.program = program
        self.constants = constants
        self.steps = Steps(program.rows)
        self.results = {value for _, value in program.outputs}
        self.given = {value: text for text, value, _ in program.given}
        self.moved: dict[int, int] = {}

    def step(self, value: int, step: Step) -> int:
        """Return a value of the program in the new steps."""
        steps, constants = self.steps, self.constants
        args = tuple([self.moved[arg] for arg in step.args])
        if not args:
            return steps.append(step)
        if all(map(steps.is_constant, args)):
            made = self.folded(value, step, args)
            if value in self.results or constants is None:
                return made
            known = constants.get(self.given.get(value, ""))
            if known is not None:
                return self.number(made, known)
            return made if steps.is_constant(made) else self.number(made)
        numbers = args
        if constants is not None:
            numbers = tuple([self.number(arg) for arg in args])
        if numbers != args and step.op in _POWERS:
            # What the exponent comes to is not looked at, no more than in an exponent that varies.
            return steps.append(step._replace(args=numbers))
        return self.folded(value, step, numbers)

    def folded(self, value: int, step: Step, args: tuple[int, ...]) -> int:
        """Return the operation, folded where constants allow it."""
        steps = self.steps
        below = self.program.denominator(value)
        under = None if below is None else self.moved[below]
        if under is not None and steps.is_constant(under):
            apart = self.constants is not None and not steps.is_constant(args[0])
            return quotient(steps, args[0], self.number(under) if apart else under)
        if step.op in _POWERS:
            return power(steps, *args)
        if step.data == "precise":
            return steps.append(step._replace(args=args))
        return steps.emit(step.op, *args)

    def number(self, value: int, known: Constant | None = None) -> int:
        """Return an expression of constants as a number, under the name that it is `known` by; all else as it is."""
        steps = self.steps
        step = steps[value]
        if known is None and (
            step.op in ("input", "const", "neg")
            or not all(map(steps.is_constant, step.args))
        ):
            return value
        number = as_number(steps, value)
        if not number:  # what is divided by 0 raises where the module runs
            return value
        if known is not None:
            name, _, _, note, place = known.origin
            number = known if number == known else named(number, name, note, place)
        return steps.const(number)


def _may_fold(step: Step, numbers: set[int]) -> bool:
    """Whether a step is the first of those that fold: an operation on numbers alone."""
    return step.op in _POWERS or bool(step.args and numbers.issuperset(step.args))
