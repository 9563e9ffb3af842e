"""A line in; whether it reads well out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradgen.core.build import Steps
from gradgen.core.program import Line
from gradgen.write.kinds import Kinds
from gradgen.write.language import CONDITIONAL

#: A line holds so many operations, and is so wide in a function.
OPERATIONS = 4
#: A sum of so many terms reads well, products of two factors among them: all but one of these count as names.
TERMS = 4
#: So does one of so many names.
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
        terms = [*self._terms(value)]
        if len(terms) <= NAMES and all(term in self.known for term in terms):
            return min(len(terms) - 1, OPERATIONS)
        products = sum(map(self._is_product, terms))
        extra = products - 1 if 1 < len(terms) <= TERMS else 0
        return written - self._signs(value) - max(0, extra)

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
        return all(
            arg in self.known or self.steps.is_constant(arg) for arg in step.args
        )

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
