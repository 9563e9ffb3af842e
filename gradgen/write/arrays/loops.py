"""Lines of a function over rows of data in; the same in loops over lists, each as early as all that it reads is there, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradgen.core.build import Steps
from gradgen.core.program import Line, ProgramError, Step
from gradgen.errors import GradgenError
from gradgen.passes.facts import Rowwise
from gradgen.passes.functions import Names, read_by
from gradgen.write.lines import Text, Writer

_ITSELF = "a gradient is read here before all of it is there, which loops over rows cannot say; compile the formula for NumPy"
#: What a statement that adds to a list assigns to, as a line says it.
APPENDS = ".append"


class Lines(NamedTuple):
    """The lines of a function, and what values are called before the first."""

    lines: Sequence[Line]
    names: Mapping[int, str]


class Placed(NamedTuple):
    """A line in its place.

    Attributes:
        text: its text.
        line: the line that it is or comes from.
        phase: how many loops stand before it.
        inside: whether it stands in a loop.
        reads: the names that it reads.
    """

    text: Text
    line: Line
    phase: int
    inside: bool
    reads: Sequence[str]

    @property
    def name(self) -> str:
        """What it assigns to."""
        return self.text.line.name if self.text.line else ""


class Loop(NamedTuple):
    """A loop, between what stands before it and what stands behind.

    Attributes:
        before: the lines before it.
        lists: the lists that it makes.
        zips: what it goes through: the name of an element, and the list.
        lines: the lines in it.
        kept: the elements that it puts into lists, with these.
    """

    before: Sequence[Placed]
    lists: Sequence[str]
    zips: Sequence[tuple[str, str]]
    lines: Sequence[Placed]
    kept: Sequence[tuple[str, str]]


class Looped:
    """Lays out the lines of one function.

    Attributes:
        read: the values that they read.
    """

    def __init__(
        self,
        steps: Steps,
        columns: Collection[int],
        taken: Collection[str],
        writer: Writer,
        kept: bool = True,
    ) -> None:
        """Take the steps, the inputs that are lists, names that are taken, what writes lines, and whether lists are kept.

        Where they are not, elements have the names of their lists, and loops work them out again.
        """
        self.steps = steps
        self.columns = columns
        self.writer = writer
        self.kept = kept
        self.taken = {*taken}
        self.items: dict[str, str] = {}
        self.read: set[int] = set()
        self.rowwise = Rowwise(steps, columns)
        #: What adds up the rows of each list that has no other use.
        self.added: dict[str, str] = {}
        #: The lists that stand for values, by what reads them as a whole.
        self._whole: dict[int, int] = {}

    def has_rows(self, value: int) -> bool:
        """Whether each row has a value of its own."""
        return value in self.rowwise

    def item(self, name: str) -> str:
        """Return what an element of a list is called."""
        if name not in self.items:
            self.items[name] = self.free(f"{name}_i") if self.kept else name
        return self.items[name]

    def free(self, name: str) -> str:
        """Return a name that nothing else has, which is taken from now on."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def run(
        self, given: Lines, kept: Collection[str], upstream: Collection[int]
    ) -> list[Loop]:
        """Return loops, one after the other, the last of which may have no lines.

        Args:
            given: the lines of the function.
            kept: the lists that are read behind the last line.
            upstream: the upstream gradients that it takes.
        """
        placed, start, whole = self.placed(given, upstream)
        return [*self._loops(placed, start, whole, kept)]

    def again(self, given: Lines, sets: Collection[str]) -> list[Loop]:
        """Return loops that keep nothing: each works out again what it reads of rows.

        Args:
            given: the lines of the function.
            sets: the elements that it sets somewhere.
        """
        return [*_again(self.placed(given, ())[0], sets)]

    def placed(
        self, given: Lines, upstream: Collection[int]
    ) -> tuple[list[Placed], dict[int, str], dict[str, str]]:
        taken, items = {*self.taken}, {**self.items}
        try:
            lines, sources, start, whole = self._turned(given)
            reads, inside, phases = _laid(self, lines, start, whole)
        except GradgenError:  # what each row has is read before all of it is there
            self.taken, self.items, self.added, self._whole = taken, items, {}, {}
            lines, sources, start, whole = self._turned(_apart(self, given))
            reads, inside, phases = _laid(self, lines, start, whole)
        self.writer.start({value: start[value] for value in upstream})
        texts = [*self.writer.lines(lines, start)]
        self.read = {self._whole.get(v, v) for v in self.writer.read}
        placed = [Placed(*parts) for parts in zip(texts, sources, phases, inside, reads)]  # fmt: skip
        return placed, start, whole

    def is_inside(self, line: Line) -> bool:
        """Whether a line stands in a loop."""
        return line.name.endswith(APPENDS) or self.has_rows(line.total)

    def _turned(
        self, given: Lines
    ) -> tuple[list[Line], list[Line], dict[int, str], dict[str, str]]:
        """Return the lines with elements in the place of lists, but where all rows are read at once.

        Returns:
            The lines, those that they come from, what values are called before the first, and of each list that is read at once
            the name of its elements; empty where it is made by itself.
        """
        lines, sources, whole = [], [], dict[str, str]()
        start = {v: self.item(n) if self.has_rows(v) else n for v, n in given.names.items()}  # fmt: skip
        known = Names(given.names)
        # Lists that are given stay as they are, where lines add to their elements, and others have what is added later.
        changed = Counter(line.name for line in given.lines)
        changed.update(changed.keys() & {*given.names.values()})
        for line in known.along(given.lines):
            changed[line.name] -= 1
            step = self.steps[line.value]
            if line.value in known or not self.rowwise.adds(line.value):
                self._check(line.value, known)
                named = self.item(line.name) if self.has_rows(line.total) else line.name
                lines.append(line._replace(name=named))
                sources.append(line)
                continue
            (operand,) = step.args
            if operand in known and self.kept and not changed[known[operand]]:
                called = known[operand]
                whole[called] = self.item(called)
            else:
                called = self.free(f"{line.name}_{'each' if self.kept else 'sum'}")
                whole[called] = ""
                self.added[called] = step.op
                self._check(operand, known)
                apart = self._copy(operand, f"each:{called}")
                lines.append(line._replace(value=operand, name=called + APPENDS, total=apart, sign="="))  # fmt: skip
                sources.append(line)
            rows = self._copy(operand, f"rows:{called}")
            self._whole[rows] = operand
            start[rows] = called
            lines.append(line._replace(value=self.steps.append(Step(step.op, (rows,)))))  # fmt: skip
            sources.append(line)
        return lines, sources, start, whole

    def _copy(self, value: int, what: str) -> int:
        return self.steps.append(Step("copy", (value,), what))

    def _check(self, value: int, known: Mapping[int, str]) -> None:
        """Hold a line to have no sum over rows inside."""
        todo = [*self.steps[value].args] if value not in known else []
        while todo:
            at = todo.pop()
            if at not in known:
                if self.rowwise.adds(at):
                    raise ProgramError("a sum over rows stands inside of a line")
                todo += self.steps[at].args

    def _loops(
        self,
        placed: Sequence[Placed],
        start: Mapping[int, str],
        whole: Mapping[str, str],
        kept: Collection[str],
    ) -> Iterator[Loop]:
        lists = {item: name for name, item in self.items.items()}
        made = {one.name: one.phase for one in placed if one.inside}
        wanted = {*kept, *whole}
        for one in placed if made else ():
            earlier = [n for n in one.reads if made.get(n, one.phase) < one.phase]
            wanted |= {lists[name] for name in earlier if name in lists}
        order = {name: place for place, name in enumerate(start.values())}
        for phase in range(1 + max((one.phase for one in placed), default=0)):
            here = [one for one in placed if one.phase == phase]
            rows = [one for one in here if one.inside]
            own = [*dict.fromkeys(one.name for one in rows)]
            read = dict.fromkeys(name for one in rows for name in one.reads)
            through = [n for n in read if n in lists and (n in order or made[n] < phase)]  # fmt: skip
            through.sort(key=lambda name: order.get(name, len(order)))
            zips = [(name, lists[name]) for name in through]
            for name in own:
                if name in order:  # of a list that was given
                    lists[name] = self.free(f"{lists[name]}_all")
            put = [(n, lists[n]) for n in own if n in lists and (lists[n] in wanted or n in order)]  # fmt: skip
            alone = [n.removesuffix(APPENDS) for n in own if n.endswith(APPENDS)]
            yield Loop(
                [one for one in here if not one.inside],
                [*alone, *(name for _, name in put)],
                zips,
                rows,
                put,
            )


def _laid(
    looped: Looped,
    lines: Sequence[Line],
    start: Mapping[int, str],
    whole: Mapping[str, str],
) -> tuple[list[Sequence[str]], list[bool], list[int]]:
    """Return what each line reads, whether it stands in a loop, and how many loops stand before it.

    Raises:
        GradgenError: what is read before it grows would depend on itlooped.
    """
    known, reads = Names(start), list[Sequence[str]]()
    for line in known.along(lines):
        found = [known[v] for v in read_by(looped.steps, line.value, known)]
        reads.append([*found, line.name] if line.sign != "=" else found)
    inside = [looped.is_inside(line) for line in lines]
    return reads, inside, _phases(lines, reads, inside, whole)


def _apart(looped: Looped, given: Lines) -> Lines:
    """Return lines that give what each row has another name up to where it is read before it grows."""
    known, read = Names(given.names), set[int]()
    for line in known.along(given.lines):
        read |= {*read_by(looped.steps, line.value, known)}
    last = {line.name: line.total for line in given.lines}
    now, names = dict[str, str](), list[str]()
    for line in reversed(given.lines):
        early = line.total in read and line.total != last[line.name]
        if early and looped.has_rows(line.total):
            now[line.name] = looped.free(f"{line.name}_part")
        names.append(now.get(line.name, line.name))
    before, lines = dict[str, str](), list[Line]()
    for line, name in zip(given.lines, reversed(names)):
        if line.sign != "=" and before.get(line.name, name) != name:
            line = line._replace(value=line.total, sign="=")
        before[line.name] = name
        lines.append(line._replace(name=name))
    return Lines(lines, given.names)


def _phases(
    lines: Sequence[Line],
    reads: Sequence[Sequence[str]],
    inside: Sequence[bool],
    whole: Mapping[str, str],
) -> list[int]:
    """Return how many loops stand before each line.

    What is added to in several lines, and each row has, stands where the last of these can; what all rows share stands behind all
    that reads it before it grows.

    Raises:
        GradgenError: what is read before it grows would depend on itself.
    """
    made: dict[str, int] = {}
    #: By line, what it assigns to, with how often before; and what it reads, likewise. Of what rows have it does not matter.
    own, read = list[tuple[str, int]](), list[list[tuple[str, int]]]()
    readers: dict[tuple[str, int], list[int]] = {}
    rows = {line.name for line, row in zip(lines, inside) if row}
    for place, (line, names, row) in enumerate(zip(lines, reads, inside)):
        keys = []
        for name in names:
            behind = name in whole and not row
            called = (whole[name] or name + APPENDS) if behind else name
            key = called, -1 if called in rows else made.get(called, 0)
            keys.append((called, -2) if behind and called in rows else key)
            if name != line.name:
                readers.setdefault((name, made.get(name, 0)), []).append(place)
        read.append(keys)
        made[line.name] = made.get(line.name, 0) + 1
        own.append((line.name, -1 if row else made[line.name]))
    phases: dict[tuple[str, int], int] = {}
    for _ in range(len(lines) + 2):
        before, found = dict(phases), list[int]()
        for (name, version), keys, row in zip(own, read, inside):
            phase = phases.get((name, version), 0)
            for called, number in keys:
                at = phases.get((called, -1 if number == -2 else number), -1)
                phase = max(phase, at + (number == -2))
            for place in readers.get((name, version - 1), ()) if not row else ():
                if place < len(found):
                    phase = max(phase, found[place] + inside[place])
            phases[name, version] = phase
            found.append(phase)
        if phases == before:
            break
    else:
        raise GradgenError(_ITSELF)
    phase_of = [phases[key] for key in own]
    for (name, version), places in readers.items():
        grows = name in rows and version < made[name]
        if grows and any(phase_of[at] > phases[name, -1] for at in places):
            raise GradgenError(_ITSELF)
    return phase_of


def _again(placed: Sequence[Placed], sets: Collection[str]) -> Iterator[Loop]:
    """Yield loops each of which works out all that it reads of rows."""
    for phase in range(1 + max((one.phase for one in placed), default=0)):
        here = [one for one in placed if one.phase == phase]
        inner = dict.fromkeys(one.name for one in here if one.inside)
        put = [name for name in inner if name in sets]
        alone = [name for name in inner if name.endswith(APPENDS)]
        wanted, lines = {*put, *alone}, list[Placed]()
        for one in reversed(placed):
            if one.inside and one.phase <= phase and one.name in wanted:
                wanted.update(one.reads)
                lines.append(one)
        yield Loop(
            [one for one in here if not one.inside],
            [name.removesuffix(APPENDS) for name in alone],
            [(name, name) for name in wanted],
            lines[::-1],
            [(name, name) for name in put],
        )
