"""A line in; the number of its operations out, counted on steps."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradgen.core.build import Steps
from gradgen.core.notation import Node, constant, parts, resolved
from gradgen.core.program import Line

#: What a value is worth to a count: constants are folded once and for all, and a product with 1 is no operation.
ONE, CONSTANT, VARIABLE = range(3)
#: What costs nothing by itself.
_FREE = ("copy", "neg", "not")
_CONDITIONS = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or")


@dataclass(frozen=True)
class Cost:
    """Operations of a module: binary operators and calls.

    A sign, a comparison and a choice are none; a guard costs its first branch, a choice the dearer one; constants are folded. The
    upstream gradient counts as 1, so that the backward pass is what a gradient costs. `jacobian` is what all rows cost
    after the forward pass, in a module that has a function for them.
    """

    forward: int
    backward: int
    jacobian: int | None = None

    @property
    def ratio(self) -> float:
        """What value and gradient together cost in terms of the value."""
        return (self.forward + self.backward) / max(1, self.forward)


@dataclass(frozen=True)
class Count:
    """Counts over steps.

    Attributes:
        steps: the steps.
        words: the operations that the language has words for; others cost what their bodies do.
    """

    steps: Steps
    words: Container[str]

    def line(
        self,
        value: int,
        names: Container[int],
        worths: Mapping[int, int],
        dearest: bool = False,
    ) -> tuple[int, int]:
        """Return the operations of a line, and what its value is worth.

        Args:
            value: what the line says.
            names: the values that have names.
            worths: what those of them are worth that are no variables.
            dearest: whether a choice costs its dearer branch: one in a function of the user's is no guard.
        """
        return _Line(self, names, worths).line(value, dearest)


class Tally:
    """Adds up what the lines of a function cost.

    Attributes:
        cost: the operations so far.
    """

    def __init__(self, count: Count, upstream: Mapping[int, str] | None = None) -> None:
        """Begin a function, whose upstream gradients count as 1."""
        upstream = upstream or {}
        self.count = count
        self.cost = 0
        #: What values are worth that are no variables, and what names are.
        self.worths = dict.fromkeys(upstream, ONE)
        self.slots = dict.fromkeys(upstream.values(), ONE)

    def line(self, line: Line, names: Container[int], value: int | None = None) -> None:
        """Count a line; `value` is what it says, if that is written otherwise."""
        said = line.value if value is None else value
        self.add(line, *self.count.line(said, names, self.worths, self.own(line)))

    def own(self, line: Line) -> bool:
        """Whether a line is of a function of the user's, in which a choice is no guard."""
        steps = self.count.steps
        return line.answers is not None and steps.rows[steps[line.answers].op].own

    def add(self, line: Line, cost: int, worth: int) -> None:
        """Add a line of this cost and worth."""
        if line.sign != "=":
            cost += VARIABLE in (worth, self.slots[line.name])
            worth = max(worth, self.slots[line.name], CONSTANT)
        self.slots[line.name] = worth
        if worth != VARIABLE:
            self.worths[line.total] = worth
        self.cost += cost


class _Line(NamedTuple):
    by: Count
    names: Container[int]
    worths: Mapping[int, int]

    def line(self, value: int, dearest: bool) -> tuple[int, int]:
        step = self.by.steps[value]
        if value in self.names or step.op in ("input", "const"):
            return self._count(value, dearest)
        cost, worth = self._operation(value, dearest)
        if worth == VARIABLE:
            return cost, worth
        branches = [*self._branches(value)]
        chosen = all(branch is None for branch in branches)
        return cost, VARIABLE if chosen or VARIABLE in branches else worth

    def _branches(self, node: Node) -> Iterator[int | None]:
        """Yield what each branch of a choice is worth, None for a constant: a choice of constants is no constant."""
        node = resolved(node)
        named = isinstance(node, int) and node in self.names
        if not named and constant(self.by.steps, node) is not None:
            yield None
            return
        op, args, _ = (
            ("", (), "") if named else parts(self.by.steps, node, self.by.words)
        )
        if op == "where":
            for arg in args[1:]:
                yield from self._branches(arg)
        else:
            yield self._count(node, False)[1]

    def _count(self, node: Node, dearest: bool) -> tuple[int, int]:
        node = resolved(node)
        if isinstance(node, int) and node in self.names:
            return 0, self.worths.get(node, VARIABLE)
        number = constant(self.by.steps, node)
        if number is not None:
            one = number in (1, -1) and not isinstance(number, bool)
            return 0, ONE if one else CONSTANT
        return self._operation(node, dearest)

    def _operation(self, node: Node, dearest: bool) -> tuple[int, int]:
        op, args, body = parts(self.by.steps, node, self.by.words)
        # A choice in a function of the user's is no guard.
        dearest |= bool(body) and self.by.steps.rows[body].own
        if op in _CONDITIONS:
            return 0, VARIABLE
        if op in _FREE:
            return self._count(args[0], dearest)
        if op == "where":
            arms = [self._count(arg, dearest) for arg in args[1:]]
            return max(arms) if dearest else arms[0]
        if op == "mul":
            args = self._factors(args)
        total = variables = constants = 0
        for arg in args:
            cost, worth = self._count(arg, dearest)
            total += cost
            variables += worth == VARIABLE
            constants += worth == CONSTANT
        if not variables:
            one = op == "mul" and not constants
            return total, ONE if one else CONSTANT
        if op == "mul":
            # A product's constant factors are one factor.
            return total + variables - 1 + (constants > 0), VARIABLE
        return total + 1, VARIABLE

    def _factors(self, args: Sequence[Node]) -> list[Node]:
        """Return all factors of a product that is written without brackets."""
        left, right = args
        factors = [right]
        while True:
            left = resolved(left)
            named = isinstance(left, int) and left in self.names
            if named or constant(self.by.steps, left) is not None:
                break
            op, inner, _ = parts(self.by.steps, left, self.by.words)
            if op == "sqr":
                inner = (inner[0], inner[0])
            elif op != "mul":
                break
            factors.append(inner[1])
            left = inner[0]
        return [left, *reversed(factors)]
