"""Operations on values in; steps of adjoints out: by what has been made already, without needless factors and signs."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from gradgen.core.build import Steps, power
from gradgen.core.program import Step


class Tidy:
    """Makes operations.

    Attributes:
        steps: the steps that they are made in.
        named: the values that have names, under which no sign is looked for.
        adjoints: the values that are gradients with names.
    """

    def __init__(self, steps: Steps, lines: Iterable[int] = ()) -> None:
        self.steps = steps
        self.named = {*lines}
        self.adjoints: set[int] = set()

    def name(self, adjoint: int) -> None:
        """Note that a gradient has a name."""
        self.named.add(adjoint)
        self.adjoints.add(adjoint)

    def copy(self, value: int, what: str) -> int:
        """Return a value that is no other operation but has another name, and is told apart by that."""
        return self.steps.append(Step("copy", (value,), what))

    def add(self, total: int, value: int) -> tuple[int, int, str]:
        """Return a sum, what is added without its sign, and the sign: what is negative is taken away."""
        positive, negative = self.signless(value)
        op, sign = ("sub", "-=") if negative else ("add", "+=")
        return self.make(op, total, positive), positive, sign

    def signless(self, value: int) -> tuple[int, bool]:
        """Return a value without the sign that its text begins with, and whether it does with one."""
        step = self.steps.list[value]
        number = None if value in self.named else self.steps.number(value)
        if isinstance(number, (Fraction, float)) and number < 0:
            return self.steps.const(-number), True
        if value in self.named or step.op not in ("neg", "mul", "div", "where"):
            return value, False
        if step.op == "neg":
            return step.args[0], True
        if step.op == "where" and self.steps.number(step.args[2]) != 0:
            return value, False
        place = 1 if step.op == "where" else 0
        inner, negative = self.signless(step.args[place])
        if not negative:
            return value, False
        args = (*step.args[:place], inner, *step.args[place + 1 :])
        return self.make(step.op, *args), True

    def negated(self, value: int) -> int:
        """Return minus a value, with the sign in front of its text."""
        positive, negative = self.signless(value)
        if negative:
            return positive
        step = self.steps[value]
        if value not in self.named and step.op in ("mul", "div"):
            return self.make(step.op, self.negated(step.args[0]), step.args[1])
        if value not in self.named and step.op == "inv":
            return self.make("div", self.steps.const(-1), step.args[0])
        return self.make("neg", value)

    def make(self, op: str, *args: int) -> int:
        """Return an operation in an adjoint, by what has been made already and without needless factors."""
        steps = self.steps
        if op in ("**", "pow"):
            return power(steps, *args)
        made = [steps.list[arg] for arg in args]
        numbers = [step.data if step.op == "const" else None for step in made]
        if op == "mul" and 1 in numbers:
            other = args[1] if numbers[0] == 1 else args[0]
            turned = steps[other].op == "neg" and other not in self.named
            return self.negated(steps[other].args[0]) if turned else other
        if op == "mul" and -1 in numbers:
            return self.make("neg", args[1] if numbers[0] == -1 else args[0])
        if op in ("mul", "add") and (known := self._known(op, *args)) is not None:
            return known
        if op in ("mul", "div") and made[1].op == "inv" and args[1] not in self.named:
            return self.make("div" if op == "mul" else "mul", args[0], made[1].args[0])
        if op == "mul" and args[0] == args[1]:
            return self.make("sqr", args[0])
        divisor = self._divisor(args[0]) if op == "mul" else None
        if divisor is not None:
            positive, negative = self.signless(divisor)
            above = self.make("neg", args[1]) if negative else args[1]
            return self.make("div", above, positive)
        if op == "mul" and made[1].op == "div" and args[1] not in self.named:
            over = steps[made[1].args[0]].data
            if isinstance(numbers[0], Fraction) and isinstance(over, Fraction):
                return self.make("div", steps.const(numbers[0] * over), made[1].args[1])
            twice = steps[args[0]]  # under a root of a square: 2*u * (1/2/v) is u/v
            half = over == Fraction(1, 2) and twice.op == "mul"
            if half and steps.number(twice.args[0]) == 2:
                return self.make("div", twice.args[1], made[1].args[1])
        if op == "neg" and args[0] not in self.adjoints:
            positive, negative = self.signless(args[0])
            if negative:
                return positive
            if steps[args[0]].op == "neg":
                return steps[args[0]].args[0]
        if op == "div" and 1 in numbers:
            return args[0] if numbers[1] == 1 else self.make("inv", args[1])
        if op == "div":
            inverse = self.find("inv", args[1])
            product = None if inverse is None else self.find("mul", args[0], inverse)
            if product is not None:
                return product
        try:
            return steps.emit(op, *args)
        except ArithmeticError:  # of constants, as the module's when it runs
            return steps.append(Step(op, args))

    def _known(self, op: str, a: int, b: int) -> int | None:
        """Return the line of a sum or a product in the other order, or of a product with another sign."""
        same = self._line(op, b, a)
        if same is not None or op == "add":
            return same
        minus_a, minus_b = self._opposite(a), self._opposite(b)
        if minus_a is None and minus_b is None:
            return None
        for x, y, turned in ((minus_a, b, 1), (a, minus_b, 1), (minus_a, minus_b, 0)):
            if x is not None and y is not None:
                found = self._line(op, x, y)
                found = self._line(op, y, x) if found is None else found
                if found is not None:
                    return self.make("neg", found) if turned else found
        return None

    def find(self, op: str, *args: int) -> int | None:
        """Return an operation that has been made already."""
        return self.steps.known.get((op, args, None, ()))

    def _line(self, op: str, *args: int) -> int | None:
        found = self.steps.known.get((op, args, None, ()))
        return found if found in self.named else None

    def _opposite(self, value: int) -> int | None:
        """Return minus a value, if one of the two is the other's negative."""
        step = self.steps.list[value]
        return step.args[0] if step.op == "neg" else self._line("neg", value)

    def _divisor(self, value: int) -> int | None:
        """Return c where a factor is 1/c and no double: a division by 3 is one rounding, a product with 1/3 two."""
        step, number = self.steps[value], self.steps.number(value)
        if value in self.named and self.steps.sizes[value] is None:
            return None
        if step.op == "inv":
            return step.args[0]
        if step.op == "div" and self.steps.number(step.args[0]) == -1:
            return self.make("neg", step.args[1])
        if isinstance(number, Fraction) and abs(number.numerator) == 1:
            dyadic = number.denominator & (number.denominator - 1) == 0
            return None if dyadic else self.steps.const(1 / number)
        return None
