"""A line in; whether it reads well out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import or_

from gradgen.core.build import Steps
from gradgen.core.program import Line
from gradgen.write.kinds import Kinds
from gradgen.write.language import CONDITIONAL

#: A line holds so many operations, and is so wide in a function.
OPERATIONS = 4
#: A sum of so many names and products of two reads well, also as what a function is of: these products count as names.
TERMS = 5
#: So does a sum of so many names.
NAMES = 8
_WIDTH = 88 - 4


class Measure:
    """Tells what a line has room for."""

    def __init__(self, steps: Steps, kinds: Kinds) -> None:
        self.steps = steps
        self.kinds = kinds
        #: What has a name.
        self.known: Mapping[int, str] = {}
        #: By kind of a text: as how many operations it counts, and whether no choice stands inside an operation.
        self.found: dict[int, tuple[int, bool]] = {}

    def size(self, value: int) -> int:
        """Return how many operations a text has, but for signs."""
        if value in self.known or not self.steps[value].args:
            return 0
        return self._measured(value)[1]

    def fits(self, line: Line, value: int, most: int = OPERATIONS) -> bool:
        """Whether a line may say this: it is no longer than a line should be, and no choice stands inside an operation."""
        if value in self.known or not self.steps[value].args:
            return True
        text, size, plain = self._measured(value)
        return len(line.name) + 3 + len(text) <= _WIDTH and size <= most and plain

    def _measured(self, value: int) -> tuple[str, int, bool]:
        """Return an operation's text, as how many it counts, and whether no choice stands inside another."""
        kind, leaves = self.kinds.of(value, self.known)
        before = self.kinds.written
        text = self.kinds.text(value, self.known, kind, leaves)
        if kind not in self.found:
            written = self.kinds.written - before
            self.found[kind] = self._size(value, written), self._is_plain(value, True)
        return text, *self.found[kind]

    def _size(self, value: int, written: int) -> int:
        """Return as how many operations a text counts that has so many."""
        terms = [*self._terms(value)]
        if 1 < len(terms) <= NAMES and all(term in self.known for term in terms):
            return min(len(terms) - 1, OPERATIONS)
        return written - self._signs(value) - self._light(value)

    def _light(self, value: int) -> int:
        """Return how many products of a sum count as names: all of a sum of these and names, all but one beside other terms."""
        args = self.steps[value].args
        inner = args[0] if len(args) == 1 else value
        terms = [*self._terms(inner)]
        if not 1 < len(terms) <= TERMS:
            return 0
        products = [*map(self._is_product, terms)]
        if all(map(or_, products, map(self._is_leaf, terms))):
            return sum(products)
        mixed = inner == value and len(terms) < TERMS
        return max(0, sum(products) - 1) if mixed else 0

    def _terms(self, value: int) -> Iterator[int]:
        """Yield the terms of a sum."""
        step = self.steps[value]
        if value in self.known or step.op not in ("add", "sub"):
            yield value
            return
        for arg in step.args:
            yield from self._terms(arg)

    def _is_product(self, value: int) -> bool:
        """Whether a value is a product of two names, or of a number and a name."""
        step = self.steps[value]
        if value in self.known or step.op not in ("mul", "sqr"):
            return False
        return all(map(self._is_leaf, step.args))

    def _is_leaf(self, value: int) -> bool:
        """Whether a value is a name or a number."""
        return value in self.known or self.steps.is_constant(value)

    def _signs(self, value: int) -> int:
        step = self.steps[value]
        inner = [arg for arg in step.args if arg not in self.known]
        return (step.op in ("neg", "copy")) + sum(map(self._signs, inner))

    def _is_plain(self, value: int, top: bool) -> bool:
        """Whether no choice stands inside an operation."""
        if value in self.known or not self.steps[value].args:
            return True
        step = self.steps[value]
        if not top and self.kinds.speller.binds(value, self.known) == CONDITIONAL:
            return False
        arms = top and step.op in ("where", "copy")
        return all(self._is_plain(arg, arms) for arg in step.args)
