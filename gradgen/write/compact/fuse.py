"""Lines of a function in; fewer that say the same out: what one line alone reads, and the author gave no name, stands inside it."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from gradgen.core.derive import Chain
from gradgen.core.program import Line
from gradgen.passes.facts import Rowwise
from gradgen.passes.functions import Names, read_by
from gradgen.passes.signs import bare, is_light
from gradgen.write.compact.algebra import Algebra
from gradgen.write.compact.measure import OPERATIONS, Measure
from gradgen.write.kinds import Kinds


@dataclass
class Fused:
    """A function's lines.

    Attributes:
        made: the lines, by their places among those that they are made of.
        inside: by value without a line, the value of the forward line that it stands in.
        readers: by value that is no more than another or its negative, those of the forward lines that read it.
        said: by the name of a gradient without a line, the value that it is.
        copied: the same of the gradient of what the author named.
    """

    made: dict[int, Line]
    inside: dict[int, int] = field(default_factory=dict)
    readers: dict[int, list[int]] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)
    copied: dict[str, int] = field(default_factory=dict)

    def place(self) -> None:
        """Let what several lines read stand in the one that the gradient comes to last."""
        for value in sorted(self.readers, reverse=True):
            self.inside[value] = min(self.readers[value], key=self._holder)

    def _holder(self, value: int) -> int:
        while value in self.inside:
            value = self.inside[value]
        return value

    @property
    def lines(self) -> list[Line]:
        """The lines, in order."""
        return [*self.made.values()]


class Compact:
    """Fuses the lines of one module."""

    def __init__(
        self, chain: Chain, kinds: Kinds, rowwise: Rowwise | None = None
    ) -> None:
        """Take the chain rule, what spells lines, and, where they stand in loops over rows, behind which all has a name, what each row has."""
        self.chain = chain
        self.rowwise = rowwise
        self.steps = chain.steps
        self.kinds = kinds
        self.algebra = Algebra(chain.steps)
        self.measure = Measure(chain.steps, self.kinds)
        self.known: dict[int, str] = {}
        #: The lines that may stand inside the one that reads them: their places, by their values.
        self.waiting: dict[int, int] = {}
        #: Those that do, in a line that says itself otherwise than by its steps.
        self.placed: set[int] = set()

    def start(self, names: Mapping[int, str]) -> Names:
        """Begin a function before whose first line values are called so; return what is called how."""
        self.waiting, self.placed = {}, set()
        known = self.known = self.algebra.known = self.measure.known = Names(names)
        return known

    def count(self, lines: Sequence[Line], names: Mapping[int, str]) -> Counter[int]:
        """Return how often the texts of lines read each value.

        Args:
            lines: the lines of a function, in order.
            names: what values are called before the first.
        """
        found: Counter[int] = Counter()
        known = Names(names)
        for line in known.along(lines):
            value = line.value
            if value in known or not self.steps[value].args:
                found[value] += 1
                continue
            kind, leaves = self.kinds.of(value, known)
            self.kinds.text(value, known, kind, leaves)
            found.update(self.kinds.reads(kind, leaves))
        return found

    def fuse(
        self,
        lines: Sequence[Line],
        names: Mapping[int, str],
        kept: Iterable[str],
        read: Mapping[int, int] = MappingProxyType({}),
        gradients: Iterable[str] = (),
    ) -> Fused:
        """Return fewer lines that say the same.

        Args:
            lines: the lines of a function, in order.
            names: what values are called before the first.
            kept: the names that keep their lines.
            read: how often others than these lines read a value.
            gradients: the names of what is returned: one that is no more than another has no line.
        """
        reads = self.count(lines, names)
        again = {line.name for line in lines if line.sign != "="}
        kept, gradients = {*kept}, {*gradients}
        found = Fused({})
        known = self.start(names)
        waiting = self.waiting
        #: The sums that a name alone has begun, by their name: where, and by which line.
        begun: dict[str, int] = {}
        for place, line in enumerate(lines):
            line = self._filled(line, found)
            before = found.made.get(place - 1)
            if line.name in begun:
                line = self._summed(found.made, begun.pop(line.name), line)
            elif line.sign != "=" and before and _is_begun(before, line):
                line = self._summed(found.made, place - 1, line)
            found.made[place] = line
            light = is_light(self.steps, line.value, known)
            if line.name in again:
                if line.sign == "=" and light:
                    begun[line.name] = place
            elif line.name in gradients:
                if light and not self.rowwise:
                    del found.made[place]
                    found.said[line.name] = bare(self.steps, line.value, known)
            elif light and line.name in kept and line.answers is not None:
                del found.made[place]
                self.algebra.light[line.total] = line.value
                found.copied[line.name] = bare(self.steps, line.value, known)
                continue
            elif line.answers is not None and line.total in known and light:
                del found.made[place]  # which has a name, and gets no second one
                continue
            elif line.name not in kept and line.total not in names:
                alone = reads[line.total] == 1
                if light and (alone or line.answers is not None or self._flips(line)):
                    del found.made[place]
                    self.algebra.light[line.total] = line.value
                    continue
                if alone and (line.total not in read or self._again(line, read)):
                    waiting[line.total] = place
            known.give(line)
        found.place()
        return _renamed(found, kept | gradients, known)

    def _filled(self, line: Line, found: Fused) -> Line:
        """Return a line with as many of those that wait in their places as it has room for."""
        ahead = line.answers is None
        for inner in self.read(line.value) if ahead else ():
            if inner in self.algebra.light:
                found.readers.setdefault(inner, []).append(line.total)
        value, size = self.algebra.put(line.value, {}, frozenset()), self.measure.size
        waiting = [v for v in self.read(value) if v in self.waiting]
        waiting = [v for v in waiting if _joins(self.rowwise, v, line)]
        places = {v: _itself(self, found.made[self.waiting[v]].value) for v in waiting}
        places = {v: inner for v, inner in places.items() if self._stands(inner)}
        hidden = {v: self.known.pop(v) for v in places}
        sizes: dict[int, int] = {}
        while places:
            said = self.algebra.put(value, places, frozenset())
            if self.measure.fits(line, said):
                value = said
                break
            sizes = sizes or {v: size(inner) for v, inner in places.items()}
            dearest = max(places, key=lambda v: (sizes[v], self.waiting[v]))
            del places[dearest]
            self.known[dearest] = hidden.pop(dearest)
        for inner in places:
            if ahead:
                found.inside[inner] = line.total
            del found.made[self.waiting.pop(inner)]
        halved = self.algebra.halved(value)
        if halved != value and self.measure.fits(line, halved):
            self.placed.update(places)
            value = halved
        line = line._replace(value=value)
        if line.sign == "=":
            return line
        bare, negative = self.chain.tidy.signless(value)
        sign = {"+=": "-=", "-=": "+="}[line.sign] if negative else line.sign
        return line._replace(value=bare, sign=sign)

    def _flips(self, line: Line) -> bool:
        """Whether a line is a name with a sign, which costs no more where it is read."""
        return self.steps[line.value].op == "neg"

    def _again(self, line: Line, read: Mapping[int, int]) -> bool:
        """Whether a line is as well made once more by the one other line that reads it: of a number and one name that has a value there."""
        step = self.steps[line.value]
        same = line.value in (line.total, self.algebra.halved(line.total))
        plain = step.op in ("add", "sub", "mul", "div") and same
        numbers = [arg for arg in step.args if self.steps.number(arg) is not None]
        named = [arg for arg in step.args if arg in self.known]
        return plain and len(numbers) == len(named) == read[line.total] == 1

    def _summed(self, made: dict[int, Line], first: int, line: Line) -> Line:
        """Return the line that begins a sum with what another has begun it with."""
        begun = made[first]
        if self.rowwise and any(map(self.rowwise.adds, (begun.value, line.value))):
            return line
        named = self.known.get(begun.total) == line.name
        if named:
            del self.known[begun.total]
        op = "add" if line.sign == "+=" else "sub"
        value = self.algebra.make(op, begun.value, line.value)
        summed = line._replace(value=value, sign="=")
        if self._stands(begun.value) and self.measure.fits(
            summed, value, OPERATIONS + 1
        ):
            del made[first]
            return summed
        if named:
            self.known[begun.total] = line.name
        return line

    def read(self, value: int) -> Iterator[int]:
        """Return the values that a line reads: with names, or no more than one where they are read."""
        called = ChainMap[int, Any](self.known, self.algebra.light)
        return read_by(self.steps, value, called)

    def _stands(self, value: int) -> bool:
        """Whether all that a line reads is called something here, or is made in the line."""
        todo = [] if value in self.known else [*self.steps[value].args]
        while todo:
            at = todo.pop()
            if at not in self.known:
                named = at in self.chain.tidy.named and at not in self.placed
                if named or self.steps[at].op == "input":
                    return False
                todo += self.steps[at].args
        return True


def _renamed(found: Fused, kept: Container[str], known: Mapping[int, str]) -> Fused:
    """Return lines in which the first gradient that is no more than another takes its place."""
    new: dict[str, str] = {}
    own = {line.name for line in found.made.values() if line.answers is not None}
    for name, value in (*found.said.items(), *found.copied.items()):
        was = known.get(value, "")
        if was in own and was not in kept and was not in new:
            new[was] = name
            found.said.pop(name, None)
    for place, line in found.made.items():
        found.made[place] = line._replace(name=new.get(line.name, line.name))
    return found


def _is_begun(before: Line, line: Line) -> bool:
    """Whether a line goes on with the sum that the line before begins, and answers the same."""
    begins = before.sign == "=" and before.name == line.name
    return begins and before.answers == line.answers


def _joins(rows: Rowwise | None, inner: int, line: Line) -> bool:
    """Whether a value may stand inside a line, where that stands in a loop over rows or outside."""
    if rows is None:
        return True
    own = line.total in rows or rows.adds(line.value)
    return (inner in rows) == own and not rows.adds(inner)


def _itself(compact: Compact, value: int) -> int:
    """Return a number that each row is given as that number, which in a loop it is."""
    op, args, _, _ = compact.steps[value]
    given = compact.rowwise and op == "each" and compact.steps.is_constant(args[0])
    return args[0] if given else value
