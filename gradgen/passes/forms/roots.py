"""A value in; its square root out, as the norm that it is where the value is a sum of squares."""

from __future__ import annotations

from gradgen.passes.forms.factors import Product, Values, terms
from gradgen.passes.forms.squares import LONGEST_SUM, norm, sum_of_squares, witness

#: Sums of so many terms are looked at in any case.
_FEW = 16


class Roots:
    """The square roots of a program.

    Attributes:
        made: the root of each value of which one was taken.
    """

    def __init__(self, values: Values, room: int) -> None:
        """Begin; `room` is how many terms under roots may be looked at, but for sums of a few."""
        self.values = values
        self.room = room
        self.made: dict[int, int] = {}

    def root(self, value: int, looked: bool) -> int:
        """Return a square root; where its argument is a sum of squares, the one whose slope is 0 where they are 0.

        Args:
            value: the argument.
            looked: whether sums of squares are looked for.
        """
        builder, step_of = self.values.builder, self.values.step
        looked = looked and self.affords(value)
        made = norm(builder, step_of, value) if looked else None
        if made is None:
            squares = sum_of_squares(step_of, value) if looked else None
            if squares is None:
                made = builder.emit("sqrt", value)
            elif squares.certain:
                made = builder.emit("norm", value)
            else:
                made = builder.emit("normif", value, witness(builder, squares))
        self.made.setdefault(value, made)
        return made

    def affords(self, value: int) -> bool:
        """Whether the terms of a sum may be looked at: in running totals each has all those before it."""
        limit = LONGEST_SUM if self.room > 0 else _FEW
        found = terms(self.values.step, value, limit)
        step = self.values.step(value)
        whole = len(found) > 1 or step is None or step.op not in ("add", "sub")
        count = len(found) if whole else limit
        self.room -= count if count > _FEW else 0
        return whole

    def squared(self, found: Product) -> None:
        """Write a factor t2 as t**2, where t is the root of t2 and another factor is a function of t."""
        for value, power in list(found.powers.items()):
            root = self.made.get(value)
            if root is None:
                continue
            steps = (self.values.step(other) for other in found.powers)
            if any(step is not None and root in step.args for step in steps):
                found.times(value, -power)
                found.times(root, 2 * power)
