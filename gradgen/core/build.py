"""Operations and values in; steps out: an equal step is made once, and an operation on constants alone is folded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from gradgen.core.doubles import ARITHMETIC, COMPARISONS, double, evaluated
from gradgen.core.program import Guard, Program, Step
from gradgen.core.rows import Number, Row

#: A constant sub-expression of more operations than this becomes a stage of its own.
INLINE_OPERATIONS = 3
#: Exact arithmetic beyond this many bits continues in double precision.
_EXACT_BITS = 4096
#: Beyond this an integer exponent is a double like any other.
_LARGEST_POWER = 2**31
#: gamma of this and of larger numbers is no double.
_LARGEST_GAMMA = 172

#: What constants among its operands may settle.
_DECIDED = frozenset(("where", "and", "or", "not"))


def _key(step: Step) -> object:
    """Return what equal steps have in common, and no others: 1, 1.0 and True are equal to Python, as are 0.0 and -0.0."""
    if step.op != "const":
        return step
    data = step.data
    if type(data) is Fraction:
        return data.numerator, data.denominator  # which hash faster
    return type(data), repr(data)


class Steps:
    """A growing list of steps.

    Attributes:
        rows: the table, with the program's own functions.
        folded: whether operations on constants that round become constants. Else they are stages like any other.
        list: the steps.
        sizes: of each value that is a constant expression its operations; None of every other.
        named: the values that the user named, which stay stages of their own.
    """

    def __init__(self, rows: Mapping[str, Row], folded: bool = True) -> None:
        self.rows = rows
        self.folded = folded
        self.named: set[int] = set()
        self.list: list[Step] = []
        self.sizes: list[int | None] = []
        self.known: dict[object, int] = {}

    def __getitem__(self, value: int) -> Step:
        return self.list[value]

    def __len__(self) -> int:
        return len(self.list)

    def append(self, step: Step) -> int:
        """Return the value of a step, adding it if it is new."""
        key = _key(step)
        value = self.known.get(key)
        if value is None:
            value = self.known[key] = len(self.list)
            self.list.append(step)
            self.sizes.append(self._size(step))
        return value

    def _size(self, step: Step) -> int | None:
        total = 0
        for arg in step.args:
            size = self.sizes[arg]
            if size is None:
                return None
            total += size
        if step.op == "const":
            return 0
        if step.op in ("input", "copy", "each", "share") or step.guard:
            return None
        row = self.rows.get(step.op.removeprefix("quiet "))
        if row and row.level == "whole":
            return None  # which is of as many rows as there are
        if step.op in COMPARISONS:
            return None  # what it comes to is not known before the module runs
        if total >= INLINE_OPERATIONS or not (self.folded or step.op == "neg"):
            return None
        return total + 1

    def is_constant(self, value: int) -> bool:
        """Whether a value is a constant, or an operation on constants without a line of its own."""
        return self.sizes[value] is not None

    def made(self, value: int) -> Step | None:
        """Return the step that makes a value, unless the user named it; None for an input or a constant."""
        step = self.list[value]
        inner = self.sizes[value] is None and step.op != "input"
        return step if inner and value not in self.named else None

    def result(self, value: int, taken: set[int]) -> int:
        """Return a value as a line that is none of the results taken already, and take that."""
        while (
            self.is_constant(value) or self.list[value].op == "input" or value in taken
        ):
            value = self.append(Step("copy", (value,)))
        taken.add(value)
        return value

    def input(self, name: str) -> int:
        """Return the value of an input."""
        return self.append(Step("input", data=name))

    def const(self, number: Number | int) -> int:
        """Return the value of a constant."""
        exact = type(number) is int
        return self.append(Step("const", data=Fraction(number) if exact else number))

    def number(self, value: int) -> Number | None:
        """Return what a plain constant is, None for all else."""
        step = self.list[value]
        return step.data if step.op == "const" else None

    def emit(self, op: str, *args: int, guard: Guard = ()) -> int:
        """Return `op(*args)` as a value: decided or folded where constants allow it.

        Raises:
            ZeroDivisionError, OverflowError: as the arithmetic of constants does.
        """
        value = self.decide(op, args) if op in _DECIDED else None
        inside = self.sizes[args[-1]] is not None  # as of few
        if value is None and inside and not guard and None not in [self.sizes[a] for a in args]:  # fmt: skip
            value = self.fold(op, args)
            return self.append(Step(op, args)) if value is None else value
        if value is None:  # nearly always; made in half the time of Step(...)
            step = tuple.__new__(Step, (op, args, None, guard))
            value = self.known.setdefault(step, len(self.list))
            if value == len(self.list):
                self.list.append(step)
                self.sizes.append(None)
        return value

    def decide(self, op: str, args: tuple[int, ...]) -> int | None:
        """Return what a choice or a condition comes to where a constant settles it, else None."""
        settled = [self.number(arg) for arg in args]
        if op == "where":
            if isinstance(settled[0], bool):
                return args[1] if settled[0] else args[2]
            return args[1] if args[1] == args[2] else None
        if op in ("and", "or"):
            for truth, one, other in zip(settled, args, args[::-1]):
                if isinstance(truth, bool):
                    return other if truth == (op == "and") else one
            return args[0] if args[0] == args[1] else None
        if op == "not" and isinstance(settled[0], bool):
            return self.const(not settled[0])
        return None

    def fold(self, op: str, args: tuple[int, ...]) -> int | None:
        """Return an operation on constants alone as one constant, None where it stays an expression.

        Rational arithmetic is exact, arithmetic with a double is double arithmetic; all else stays an expression, so that the
        reader sees `math.sqrt(2.0 * math.pi)` and not its digits.
        """
        if op == "neg" and self.list[args[0]].op == "neg":
            return self.list[args[0]].args[0]
        if op in COMPARISONS:
            values = [self.evaluate(arg) for arg in args]
            if any(map(math.isnan, values)):
                return None
            return self.const(COMPARISONS[op](*values))
        numbers = [self.number(arg) for arg in args]
        plain = [n for n in numbers if isinstance(n, (Fraction, float))]
        if op == "lowers":
            return self.const(_lowers_exactly(self.evaluate(args[0])))
        if op == "gamma" and isinstance(first := numbers[0], Fraction):
            if first >= _LARGEST_GAMMA:
                raise OverflowError
            if first.denominator == 1 and first > 0:
                return self.const(math.factorial(int(first) - 1))
        if op in ARITHMETIC and len(plain) == len(args):
            exact = op == "neg" or all(isinstance(n, Fraction) for n in plain)
            result = _arithmetic(op, plain) if self.folded or exact else 0.0
            if self.folded or op == "neg" or isinstance(result, Fraction):
                return self.const(result)
        return None

    def evaluate(self, value: int) -> float:
        """Return a constant expression's value in double precision, nan where that is not known or it has none."""
        try:
            return self.compute(value)
        except (ArithmeticError, ValueError):
            return math.nan

    def compute(self, value: int) -> float:
        """Return a constant expression's value, nan where that is not known without running the module.

        Raises:
            ArithmeticError, ValueError: as the module will when it runs.
        """
        step = self.list[value]
        if step.op == "const":
            return float(double(step.data or 0))
        args = [self.compute(arg) for arg in step.args]
        return math.nan if any(map(math.isnan, args)) else evaluated(step.op, *args)


# What formulas write in one way and the table has in several rows.


def quotient(steps: Steps, above: int, below: int) -> int:
    """n/d is n * (1/d), which recognition looks for; by a constant it is one exact division, and 1/u**n is u**(-n)."""
    one = steps.number(above) == 1
    step = steps.made(below)
    if one and step is not None and step.op == "sqr":
        return power(steps, step.args[0], steps.const(-2))
    if one and step is not None and step.op == "powi":
        exponent = steps.number(step.args[1])
        assert isinstance(exponent, Fraction)
        return power(steps, step.args[0], steps.const(-exponent))
    if steps.number(below) == 0:
        raise ZeroDivisionError
    if steps.sizes[below] is not None:
        return steps.emit("inv", below) if one else steps.emit("div", above, below)
    inverse = steps.emit("inv", below)
    return inverse if one else steps.emit("mul", above, inverse)


def power(steps: Steps, base: int, exponent: int) -> int:
    """A power by the kind of its exponent: each kind has its own row, because each has its own accurate spelling."""
    if steps.sizes[exponent] is None:
        kind = "pow" if steps.sizes[base] is None else "expb"
        return steps.emit(kind, base, exponent)
    c = steps.number(exponent)
    if c is None:
        # What an exponent such as sqrt(2) comes to is not looked at: its text is the one for any exponent.
        return steps.emit("pow", base, exponent)
    if isinstance(c, str):
        return steps.emit("powr", base, exponent)
    if c in (0, 1):
        return base if c else steps.const(1)
    if c == Fraction(1, 2):
        return steps.emit("sqrt", base)
    if c < 0 and steps.number(base) == 0:
        raise ZeroDivisionError
    whole = c == int(c)
    if c in (-1, Fraction(-1, 2)) or (c < -_LARGEST_POWER and whole):
        return steps.emit("inv", power(steps, base, steps.const(-c)))
    if c == 2:
        return steps.emit("sqr", base)
    plain = isinstance(steps.number(base), (Fraction, float))
    if whole and (-_LARGEST_POWER <= c <= _LARGEST_POWER or plain):
        return steps.emit("powi", base, steps.const(Fraction(int(c))))
    return steps.emit("powr", base, exponent)


def _lowers_exactly(c: float) -> bool:
    """Whether c - 1 is exact in double precision, as for every c > 1/2: then x**(c - 1) is as accurate as x**c."""
    return math.isfinite(c) and Fraction(c) - 1 == Fraction(c - 1.0)


def _arithmetic(op: str, numbers: list[Fraction | float]) -> Fraction | float:
    bits = max(map(_bits, numbers))
    if op == "powi":
        bits *= abs(int(numbers[1]))
    if bits > _EXACT_BITS and op == "powi":
        # Exact powers would need too many digits: as in 9**9**9.
        result: Fraction | float = float(numbers[0]) ** int(numbers[1])
    else:
        result = ARITHMETIC[op](*numbers)
    as_float = float(result)
    shrinks = op in ("mul", "div", "sqr", "powi", "inv") and all(numbers)
    if not math.isfinite(as_float) or (shrinks and as_float == 0):
        raise OverflowError
    return as_float if _bits(result) > _EXACT_BITS else result


def _bits(number: Fraction | float) -> int:
    parts = () if isinstance(number, float) else (number.numerator, number.denominator)
    return max(map(int.bit_length, parts), default=0)


def steps_of(program: Program) -> Steps:
    """Return a program's steps, to which more can be added."""
    steps = Steps(program.rows)
    steps.list = [*program.steps]
    steps.known = {_key(s) if s.op == "const" else s: v for v, s in enumerate(steps.list)}  # fmt: skip
    if len(steps.known) < len(steps.list):
        raise AssertionError("a step repeats an earlier one")
    lines = {*program.lines}
    for value, step in enumerate(steps.list):
        steps.sizes.append(None if value in lines else steps._size(step))
    return steps
