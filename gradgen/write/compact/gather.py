"""Lines of value and gradient at once in; fewer out: a sum is one line at its end, and what is returned alone stands there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gradgen.core.program import Line
from gradgen.passes.functions import Names
from gradgen.write.compact.fuse import Compact, Fused
from gradgen.write.compact.measure import OPERATIONS

#: A sum reads well with so many operations.
SUM = OPERATIONS + 2


def gathered(
    compact: Compact,
    found: Fused,
    names: Mapping[int, str],
    gradients: Iterable[str] = (),
    most: int = OPERATIONS,
) -> Fused:
    """Return lines that add up and return alike, if there are no branches, in whose blocks each would have its place, and no loops.

    Args:
        compact: what has fused the lines.
        found: the lines.
        names: what values are called before the first.
        gradients: the names of what is returned, and may stand there.
        most: how many operations a sum may have.
    """
    if compact.rowwise or any(_chooses(compact, line) for line in found.lines):
        return found
    gather = _Gather(compact, names, most)
    for place, line in found.made.items():
        gather.pass_by(place, line)
    made, known = gather.made, gather.known
    read = {value for reads in gather.reads.values() for value in reads}
    read.update(v for value in found.said.values() for v in compact.read(value))
    added = {line.name for line in made.values() if line.sign != "="}
    said = dict(found.said)
    for name in gradients:
        place = gather.last.get(name, -1)
        if place < 0 or name in added or made[place].total in read:
            continue
        line = made[place]
        del known[line.total]
        if gather.fits(place, line, line.value):
            said[name] = line.value
            del made[place]
        else:
            known[line.total] = name
    return replace(found, made=made, said=said)


class _Gather:
    """Adds up.

    Attributes:
        made: the lines so far, by their places.
        reads: by place, the values with names that a line reads.
        last: by name, the place of the last line that assigns to it.
        known: what is called how behind them.
    """

    def __init__(self, compact: Compact, names: Mapping[int, str], most: int) -> None:
        self.compact = compact
        self.most = most
        self.known: Names = compact.start(names)
        self.made: dict[int, Line] = {}
        self.reads: dict[int, Sequence[int]] = {}
        self.last: dict[str, int] = {}
        #: The values of sums that have begun and that nothing has read.
        self.begun: set[int] = set()

    def pass_by(self, place: int, line: Line) -> None:
        """Take the next line, with what has begun its sum."""
        compact, known = self.compact, self.known
        args = compact.steps[line.value].args
        if line.value in known or not args:
            args = (line.value,)
        reads = [v for arg in args for v in compact.read(arg)]
        self.begun.difference_update(reads)
        before = known.stands.get(line.name, -1)
        if line.sign != "=" and before in self.begun:
            first = self.last[line.name]
            op = "add" if line.sign == "+=" else "sub"
            whole = compact.algebra.make(op, self.made[first].value, line.value)
            summed = line._replace(value=whole, sign="=")
            if known.get(before) == line.name:
                del known[before]
            if self.fits(first, summed, whole):
                del self.made[first]
                reads += self.reads.pop(first)
                line = summed
            else:
                known[before] = line.name
        self.made[place], self.reads[place] = line, reads
        self.last[line.name] = place
        self.begun.discard(before)
        if line.sign == "=" and line.answers is not None:
            self.begun.add(line.total)
        known.give(line)

    def fits(self, place: int, line: Line, value: int) -> bool:
        """Whether what a line has read is still called as it was, and there is room for it in another."""
        stands = all(read in self.known for read in self.reads[place])
        return stands and self.compact.measure.fits(line, value, self.most)


def _chooses(compact: Compact, line: Line) -> bool:
    """Whether there is a choice in a line."""
    todo = [line.value]
    while todo:
        at = todo.pop()
        if compact.steps[at].op == "where":
            return True
        if at == line.total or at not in compact.chain.tidy.named:
            todo += compact.steps[at].args
    return False
