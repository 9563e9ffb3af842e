"""A program of which a text was written in; the steps that its text is read as out, where these are certain without reading it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from gradgen.core.build import Steps, power, quotient
from gradgen.core.program import Program
from gradgen.core.rows import Number
from gradgen.read.formula import CALLABLE, RESERVED
from gradgen.read.reader import MAX_NESTING, MAX_OPERATIONS

#: What may be read as something else: x + -2*y as x - 2*y, -1*x as -x, x**(-2)*y as y/x**2.
_OTHERWISE = ("+ -", "- -", "-1 * ", "**(-")
#: A number of fewer bits has no more digits than a text may have.
_BITS = 1000
#: The most levels that an operation may make a text deeper: a sign, a power or an `if`, and a bracket.
_LEVELS = 2
#: Powers, and those whose exponents their text alone shows.
_POWERS = ("powi", "powr", "pow", "expb")
_EXPONENTS = {"sqr": Fraction(2), "sqrt": Fraction(1, 2)}
#: Operations whose first operand, of the same kind, needs no bracket.
_SUMS, _PRODUCTS = ("add", "sub"), ("mul", "div")


def is_read_as_written(program: Program, text: str) -> bool:
    """Whether the text of a program is read as the same operations, with nothing to be said of it; False where that is not certain."""
    steps, rows = program.steps, program.rows
    if any(n in RESERVED or n in CALLABLE or not n.isascii() for n in program.inputs):
        return False
    if any(part in text for part in _OTHERWISE):
        return False
    read = {arg for step in steps for arg in step.args}
    if not read.issuperset(program.signature):
        return False  # what is not in the text is no input
    deep, sizes, constants = [0] * len(steps), [1] * len(steps), set[int]()
    for value, (op, args, data, _) in enumerate(steps):
        if op == "const" and not _is_plain(data):
            return False
        if op != "input" and constants.issuperset(args):
            constants.add(value)
            if args and (rows[op].flat or op == "mod"):
                return False  # which rounding may decide
        if op in rows and rows[op].helper:
            return False
        for place, arg in enumerate(args):
            pair = {op, steps[arg].op}
            chain = place == 0 and (pair <= {*_SUMS} or pair <= {*_PRODUCTS})
            deep[value] = max(deep[value], deep[arg] + (0 if chain else _LEVELS))
            sizes[value] += sizes[arg]
    return max(deep) + _LEVELS <= MAX_NESTING and max(sizes) <= MAX_OPERATIONS


def _is_plain(number: object) -> bool:
    """Whether a constant is read from its text as it is, and no more is said of it."""
    if isinstance(number, Fraction):
        return max(map(int.bit_length, number.as_integer_ratio())) <= _BITS
    if isinstance(number, float):
        return number != 0 or math.copysign(1, number) > 0
    return isinstance(number, str) and number != "e"


def again(steps: Steps, program: Program) -> int:
    """Make the steps of a program's only result as those of its text are made, operands first and left to right; return the result."""
    done = {value: steps.input(name) for value, name in program.signature.items()}
    ((_, result),) = program.outputs
    todo = [result]
    while todo:
        value = todo[-1]
        if value in done:
            todo.pop()
            continue
        op, args, data, _ = program.steps[value]
        if op == "mul" and program.steps[args[1]].op == "inv":
            op, args = "div", (args[0], program.steps[args[1]].args[0])
        elif op == "inv":
            steps.const(1)  # which its text begins with
        missing = [arg for arg in args if arg not in done]
        if missing:
            todo += missing[::-1]
            continue
        todo.pop()
        if data is None:
            done[value] = _made(steps, op, [done[arg] for arg in args])
        else:
            done[value] = _number(steps, data)
    return done[result]


def _made(steps: Steps, op: str, args: Sequence[int]) -> int:
    """Make an operation as its text is read: x**2 is any power, and 1/x any quotient."""
    if op == "copy":
        return args[0]
    if op == "inv":
        return quotient(steps, steps.const(1), *args)
    if op == "div":
        return quotient(steps, *args)
    if op in _EXPONENTS:
        return power(steps, args[0], steps.const(_EXPONENTS[op]))
    return power(steps, *args) if op in _POWERS else steps.emit(op, *args)


def _number(steps: Steps, number: Number) -> int:
    """Make a number as its text is read: 2/3 is a quotient, and -1/3 is -(3**-1)."""
    if isinstance(number, Fraction) and number.denominator > 1:
        above, below = number.as_integer_ratio()
        parts = (above, below) if above != -1 else (below, -1, 1, -number)
        for part in parts:
            steps.const(part)
    return steps.const(number)
