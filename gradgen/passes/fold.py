"""A program in; the same program out, its operations on constants folded, and those that change nothing left out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from gradgen.core.build import Steps, power, quotient
from gradgen.core.program import Program, Step
from gradgen.core.rows import Number
from gradgen.passes.constants import Constant, as_number, called, named
from gradgen.passes.moved import finish_from

#: Powers whose kind depends on what their operands come to.
_POWERS = ("pow", "powr", "expb")
#: Operations that are finite, and raise nothing, wherever their operands are of usual size.
_TOTAL = (
    "input const copy add sub mul neg sqr hypot hypot3 abs max min sin cos atan tanh asinh erf erfc norm_cdf sigmoid softplus "
    "relu sech sign heaviside"
)
#: Operations that see the sign of a zero.
_SIGNED = ("atan2", "copysign")


def fold_constants(
    program: Program,
    constants: Mapping[str, Constant] | None = None,
    finite: bool = True,
) -> Program:
    """Fold the operations on constants of a program that was staged without, and leave out those that change nothing.

    Args:
        program: the program.
        constants: what the user named that is constant, by these names.
        finite: whether 0*x is 0, and x + 0 is x also at -0.

    Raises:
        ZeroDivisionError, OverflowError: as the arithmetic does.
    """
    numbers = {value for value, step in enumerate(program.steps) if step.op == "const"}
    idle = {v for v in numbers if _is_idle(program.steps[v].data)}
    if not any(_may_fold(step, numbers, idle) for step in program.steps):
        return program
    folder = _Folder(program, constants, finite)
    for value, step in enumerate(program.steps):
        folder.moved[value] = folder.step(value, step)
    return finish_from(program, folder.steps, folder.moved)


class _Folder:
    """Makes the steps of a program anew."""

    def __init__(
        self,
        program: Program,
        constants: Mapping[str, Constant] | None,
        finite: bool,
    ) -> None:
        self.program = program
        #: Whether zeros have no sign that anything sees, and are what they are multiplied by.
        self.finite = finite and not any(s.op in _SIGNED for s in program.steps)
        #: Of each step so far, whether it is finite and raises nothing.
        self.total: list[bool] = []
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
        idle = self.idle(step.op, numbers) if step.op in _SUMS else None
        return self.folded(value, step, numbers) if idle is None else idle

    def idle(self, op: str, args: tuple[int, ...]) -> int | None:
        """Return what a sum or a product comes to where it is simpler, else None."""
        steps = self.steps
        a, b = (_zero(steps.number(arg)) for arg in args)
        if op == "mul":
            other = args[0] if b else args[1]
            gone = (a or b) and self.finite and self.is_total(other)
            return steps.const(0) if gone else None
        if b and (self.finite or (op == "sub") == (b == "+")):
            return args[0]  # x - 0 keeps a zero's sign, x + 0 does not
        if a and self.finite:
            return args[1] if op == "add" else steps.emit("neg", args[1])
        negative = _negative(steps.number(args[1]))
        if negative is None:
            return None
        return steps.emit(
            "sub" if op == "add" else "add", args[0], steps.const(negative)
        )

    def is_total(self, value: int) -> bool:
        """Whether a value is finite, and nothing raises on the way to it, for inputs of usual size."""
        total = _TOTAL.split()
        for step in self.steps.list[len(self.total) :]:
            inside = step.op in total and all(self.total[arg] for arg in step.args)
            self.total.append(inside)
        return self.total[value]

    def folded(self, value: int, step: Step, args: tuple[int, ...]) -> int:
        """Return the operation, folded where constants allow it; one that has no value is left for the module to raise."""
        try:
            return self._folded(value, step, args)
        except ArithmeticError:
            return self.steps.append(step._replace(args=args))

    def _folded(self, value: int, step: Step, args: tuple[int, ...]) -> int:
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


_SUMS = ("add", "sub", "mul")


def _zero(number: Number | None) -> str:
    """Return the sign of a zero, an empty text for all else."""
    if number != 0 or not isinstance(number, (Fraction, float)):
        return ""
    return "-" if math.copysign(1.0, number) < 0 else "+"


def _negative(number: Number | None) -> Fraction | float | None:
    """Return minus a number whose text begins with a sign, None for all else."""
    if not isinstance(number, (Fraction, float)) or isinstance(number, bool):
        return None
    name, negative = called(number)
    return -number if negative or (not name and number < 0) else None


def _is_idle(number: Number | None) -> bool:
    return bool(_zero(number)) or _negative(number) is not None


def _may_fold(step: Step, numbers: set[int], idle: set[int]) -> bool:
    """Whether a step is the first of those that fold: an operation on numbers alone, or one that changes nothing."""
    if step.op in _SUMS and not idle.isdisjoint(step.args):
        return True
    return step.op in _POWERS or bool(step.args and numbers.issuperset(step.args))
