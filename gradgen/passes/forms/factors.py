"""A value in; the number, the factors and the powers that it is a product of out, and the other way round."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from gradgen.core.build import Steps, quotient
from gradgen.core.program import Step

#: How many operations of a product are looked into: enough for what people write, and no more for long products.
OPERATIONS = 24
_LARGEST = 64
#: How far down a product a sign is looked for.
_SIGN_DEPTH = 8
#: How far two numbers are apart that mean the same: 0.1*40 and 4.
_ROUNDING = Fraction(4, 2**53)
_ONE = Fraction(1)

#: The step that makes a value, None for an input; a constant is a step too.
StepOf = Callable[[int], "Step | None"]


def number_of(step_of: StepOf, value: int) -> Fraction | float | None:
    """Return the number that a value is, None if it is none, or has but a name, as pi."""
    step = step_of(value)
    if step is None or step.op != "const":
        return None
    return step.data if isinstance(step.data, (float, Fraction)) else None


class Values:
    """The values that have been made so far.

    Attributes:
        builder: their steps.
        named: those that the user named and reads more than once: products are not taken apart beyond them.
    """

    def __init__(self, builder: Steps) -> None:
        self.builder = builder
        self.named: set[int] = set()

    def step(self, value: int) -> Step | None:
        """Return the step that makes a value, None for an input."""
        step = self.builder.list[value]
        return None if step.op == "input" else step

    def factor(self, value: int) -> Step | None:
        """Return the same where a product may be taken apart."""
        return None if value in self.named else self.step(value)

    def factors(self, *values: tuple[int, int]) -> Product:
        """Return the product of powers of values, each taken apart."""
        return factors(self.factor, *values)

    def negated(self, value: int, depth: int = 0) -> int | None:
        """Return -value without a sign: -(-a) = a, -(a - b) = b - a, -((-2)*a) = 2*a; None where there is nothing to turn."""
        step = self.step(value)
        if step is None or depth == _SIGN_DEPTH:
            return None
        if step.op == "const":
            number = number_of(self.step, value)
            return None if number is None or number > 0 else self.builder.const(-number)
        if step.op == "neg":
            return step.args[0]
        if step.op == "sub":
            return self.builder.emit("sub", *step.args[::-1])
        if step.op in ("mul", "div"):
            first, second = step.args
            turned = self.negated(first, depth + 1)
            if turned is not None:
                return self.builder.emit(step.op, turned, second)
            turned = self.negated(second, depth + 1)
            if turned is not None:
                return self.builder.emit(step.op, first, turned)
        return None


@dataclass
class Product:
    """A number times powers of values; what is not a product is a factor itself."""

    number: Fraction | float = _ONE
    powers: dict[int, int] = field(default_factory=dict)

    @property
    def size(self) -> Fraction | float:
        """The number without its sign."""
        return -self.number if self.number < 0 else self.number

    def times(self, value: int, power: int) -> None:
        """Multiply by a power of a factor, which goes where its power becomes 0."""
        total = self.powers.get(value, 0) + power
        self.powers[value] = total
        if not total:
            del self.powers[value]

    def times_number(self, number: Fraction | float, power: int) -> None:
        """Multiply by a power of a number: exactly, if all numbers are exact.

        Raises:
            OverflowError: the product has no double.
        """
        if number is _ONE or (number == 1 and isinstance(number, Fraction)):
            return
        exact = isinstance(self.number, Fraction) and isinstance(number, Fraction)
        value = Fraction(number) if power == 1 else Fraction(number) ** power
        if self.number is not _ONE:
            value *= Fraction(self.number)
        if value and not float(value):
            raise OverflowError
        self.number = value if exact else float(value)

    def times_product(self, other: Product, power: int) -> None:
        """Multiply by a power of another product."""
        self.times_number(other.number, power)
        for value, each in other.powers.items():
            self.times(value, each * power)


def factors(
    step_of: StepOf,
    *values: tuple[int, int],
    seen: dict[int, None] | None = None,
) -> Product:
    """Return the product of powers of values, each taken apart; note in `seen` what was.

    Where the numbers among them come to no double, they are left as they are.
    """
    try:
        return _taken_apart(step_of, values, {} if seen is None else seen)
    except OverflowError:
        found = Product()
        for value, power in values:
            found.times(value, power)
        return found


def _taken_apart(
    step_of: StepOf, values: tuple[tuple[int, int], ...], seen: dict[int, None]
) -> Product:
    found = Product()
    todo = list(reversed(values))
    budget = OPERATIONS
    while todo:
        value, power = todo.pop()
        step = step_of(value)
        if step is not None and step.op == "const":
            number = number_of(step_of, value)
            if number:
                found.times_number(number, power)
                continue
        seen[value] = None
        inside = parts(step_of, step) if step is not None and budget else None
        if inside is None:
            found.times(value, power)
            continue
        budget -= 1
        sign, pieces = inside
        if sign < 0:
            found.times_number(Fraction(sign), power)
        todo += [(piece, each * power) for piece, each in reversed(pieces)]
    return found


#: What may be a product of values and their powers.
TAKEN_APART = ("mul", "div", "inv", "neg", "sqr", "powi")


def is_product(step_of: StepOf, step: Step) -> bool:
    """Whether a step is a product, a quotient or a power under a fraction bar that is taken apart."""
    power = number_of(step_of, step.args[1]) if step.op == "powi" else None
    return step.op in ("mul", "div", "inv") or (
        power is not None and -_LARGEST <= power < 0
    )


def parts(step_of: StepOf, step: Step) -> tuple[int, list[tuple[int, int]]] | None:
    """Return what a step is the product of: a sign, and values with their powers. None if it is no product."""
    args = step.args
    if step.op == "mul":
        return 1, [(args[0], 1), (args[1], 1)]
    if step.op == "div":
        return 1, [(args[0], 1), (args[1], -1)]
    if step.op == "inv":
        return 1, [(args[0], -1)]
    if step.op == "neg":
        return -1, [(args[0], 1)]
    if step.op == "sqr":
        return 1, [(args[0], 2)]
    if step.op == "powi":
        power = number_of(step_of, args[1])
        if isinstance(power, Fraction) and abs(power) <= _LARGEST:
            return 1, [(args[0], int(power))]
    return None


def emit_product(builder: Steps, product: Product) -> int:
    """Return a product as a value: number, factors, then what it is divided by."""
    emit = builder.emit

    def powers(sign: int) -> int | None:
        found: int | None = None
        for value, power in product.powers.items():
            if power * sign > 0:
                made = _power(builder, value, abs(power))
                found = made if found is None else emit("mul", found, made)
        return found

    number = product.number
    above, below = powers(1), powers(-1)
    small = (
        isinstance(number, Fraction)
        and abs(number.numerator) == 1 != number.denominator
    )
    if small or product.size == 1:
        value = above if above is not None else builder.const(1)
    elif above is None:
        value = builder.const(product.size)
    else:
        value = emit("mul", builder.const(product.size), above)
    if small:
        assert isinstance(number, Fraction)
        value = emit("div", value, builder.const(Fraction(number.denominator)))
    if below is not None:
        value = quotient(builder, value, below)
    return emit("neg", value) if math.copysign(1.0, number) < 0 else value


def _power(builder: Steps, value: int, power: int) -> int:
    if power == 1:
        return value
    if power == 2:
        return builder.emit("sqr", value)
    return builder.emit("powi", value, builder.const(Fraction(power)))


def terms(step_of: StepOf, value: int, limit: int) -> list[tuple[int, int]]:
    """Return what a value is the sum of, in order, each with its sign; the value alone beyond `limit` terms."""
    found: list[tuple[int, int]] = []
    todo = [(value, 1)]
    while todo:
        at, sign = todo.pop()
        step = step_of(at)
        if step is not None and step.op in ("add", "sub"):
            second = -sign if step.op == "sub" else sign
            todo += [(step.args[1], second), (step.args[0], sign)]
        elif step is not None and step.op == "neg":
            todo.append((step.args[0], -sign))
        else:
            found.append((at, sign))
        if len(found) + len(todo) > limit:
            return [(value, 1)]
    return found


def linear(step_of: StepOf, value: int) -> dict[int | None, Fraction]:
    """Return the numbers by which values are multiplied in a sum, that of None being the constant term."""
    found: dict[int | None, Fraction] = {}
    todo: list[tuple[int, Fraction]] = [(value, Fraction(1))]
    budget = OPERATIONS
    while todo:
        at, scale = todo.pop()
        step = step_of(at) if budget else None
        budget -= step is not None and step.op != "const"
        number = number_of(step_of, at)
        if number is not None:
            found[None] = found.get(None, Fraction(0)) + scale * Fraction(number)
        elif step is not None and step.op in ("add", "sub"):
            second = -scale if step.op == "sub" else scale
            todo += [(step.args[1], second), (step.args[0], scale)]
        elif step is not None and step.op in ("neg", "mul", "div"):
            inner = factors(step_of, (at, 1))
            if list(inner.powers.values()) != [1] or at in inner.powers:
                found[at] = found.get(at, Fraction(0)) + scale
            else:
                (factor,) = inner.powers
                todo.append((factor, scale * Fraction(inner.number)))
        else:
            found[at] = found.get(at, Fraction(0)) + scale
    return found


def ratio(step_of: StepOf, a: int, b: int) -> Fraction | None:
    """Return a/b where that is a number, to rounding: of V/10 + 4 and V + 40 it is 1/10. None for all else."""
    one, other = linear(step_of, a), linear(step_of, b)
    variables = [value for value in other if value is not None and other[value]]
    if not variables or {*one} != {*other}:
        return None
    found = one[variables[0]] / other[variables[0]]
    alike = all(near(one[value], found * number) for value, number in other.items())
    return found if found and alike else None


def near(a: Fraction, b: Fraction) -> bool:
    """Whether two numbers are the same to rounding."""
    return abs(a - b) <= abs(a) * _ROUNDING
