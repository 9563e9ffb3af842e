"""The lines of a function in; the same in blocks out, where several belong to one branch."""

from __future__ import annotations

from collections import Counter
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import replace

from gradgen.core.build import Steps
from gradgen.core.program import Line
from gradgen.core.tidy import Tidy
from gradgen.passes.blocks.join import check_apart
from gradgen.passes.blocks.order import Item, Order, Piece
from gradgen.passes.blocks.paths import Path, Paths, both, ranked
from gradgen.passes.blocks.place import Placer
from gradgen.passes.blocks.sink import Placed
from gradgen.passes.blocks.trim import Fits, Trimmer
from gradgen.passes.functions import Names

#: A line in more branches than this stands in the outer ones, and the others are asked in it.
DEEPEST = 12


class Arranger:
    """Puts the lines of one function into blocks.

    Attributes:
        steps: the steps that lines are made of.
        kept: the names that are read behind the lines.
        pieces: the lines in their branches.
        inside: by forward line that stands in another, the value of that.
    """

    def __init__(
        self,
        tidy: Tidy,
        said: Callable[[Line, Names], int],
        kept: Collection[str],
        joins: Mapping[int, int],
        style: Fits | None = None,
    ) -> None:
        """Take what lines are made of.

        Args:
            tidy: what makes steps.
            said: what lines say under the options.
            kept: the names that are read behind the lines.
            joins: the values that are called as the choice between them.
            style: what a line of a compact function has room for.
        """
        self.style = style
        self.steps: Steps = tidy.steps
        self.tidy = tidy
        self.kept = kept
        self.placer = Placer(tidy, said, joins, kept)
        self.pieces: list[Piece] = []
        self.inside: Mapping[int, int] = {}
        #: The order of conditions, the outer ones first.
        self.rank: Mapping[int, int] = {}

    @property
    def paths(self) -> Paths:
        """What finds the branches of values."""
        return self.placer.paths

    def run(
        self,
        lines: Sequence[Line],
        names: Mapping[int, str],
        results: Collection[int],
    ) -> list[Item] | None:
        """Return lines in blocks; None where there are none.

        Args:
            lines: the lines of a function, in order.
            names: what values are called before the first.
            results: the results; every other choice of a forward line may stand where it is read.

        Raises:
            ApartError: the arms of a choice that go by its name do not stand in its branches.
        """
        placed = self.placer.run(lines, names, results)
        blocks = self._worth(placed)
        if not (blocks or any(one.raised for one in placed)):
            return None
        self.rank = ranked(one.path for one in placed)
        pieces = self._live([*self._pieces(placed, blocks)])
        if self.style is not None:
            trimmer = Trimmer(self.tidy, self.style, self.kept)
            pieces, self.inside = trimmer.run(pieces), trimmer.inside
        self.pieces = pieces
        if self.placer.joins:
            check_apart(pieces)
        return Order(self.pieces).run()

    def _worth(self, placed: Sequence[Placed]) -> set[int]:
        """Return the conditions that several lines are under which make more than another name."""
        real = Counter[int]()
        for one in placed:
            asked = [condition for condition, _ in one.path]
            if one.bound:
                real.update(asked * 2)
            if self._makes(one):
                real.update(asked)
            step = self.steps[self.paths.inside(one.value, one.path, one.names)]
            if one.path and step.op == "where":
                real[step.args[0]] += 1  # a branch in a branch
        found = {c for c in real if real[c] > 1}
        for one in placed:
            asked = [condition for condition, _ in one.path]
            last = max((i for i, c in enumerate(asked) if c in found), default=0)
            found |= {*asked[:last]}
        return found

    def _makes(self, one: Placed) -> bool:
        """Whether a line makes more than a condition, or another name for what has one."""
        value = self.paths.inside(one.value, one.path, one.names)
        step = self.steps[value]
        if value in one.names or step.op in ("copy", "const"):
            return False
        return not self.placer.is_boolean(step.op)

    def _pieces(
        self, placed: Iterable[Placed], blocks: Collection[int]
    ) -> Iterator[Piece]:
        """Yield the pieces of lines, yet to be numbered: of a choice between the arms of a block one in each."""
        for line, value, whole, names, _, bound in placed:
            whole = self._sorted(whole)
            path = tuple([part for part in whole if part[0] in blocks][:DEEPEST])
            outside = self.placer.outside(line.total)
            if bound and len(path) < len(whole):
                rest = self.paths.condition(tuple([p for p in whole if p not in path]))
                value = self.paths.inside(value, whole, names)
                value = self.tidy.make("where", rest, value, outside)
                names = {**names, **self.placer.asked_in(whole)}
            for branch, said in self._arms(value, path, names, blocks):
                if said in names and names[said] == line.name and line.sign == "=":
                    continue  # an arm that goes by the choice's name
                branch = self._sorted(branch)
                called = {**names, **self.placer.asked_in(branch)}
                called = {v: called[v] for v in self._read(said, branch, called)}
                reads = [*dict.fromkeys(called.values())]
                if line.sign != "=":
                    reads.append(line.name)
                yield Piece(0, line, said, branch, outside, called, reads)

    def _sorted(self, path: Path) -> Path:
        last = len(self.rank)
        return tuple(sorted(path, key=lambda p: self.rank.get(p[0], last + p[0])))

    def _live(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Return the pieces without those in branches, and the conditions, that blocks have made needless."""
        read = {*self.kept}
        found: list[Piece] = []
        for piece in reversed(pieces):
            needless = bool(piece.path) or piece.line.answers is not None
            needless |= self.placer.is_boolean(self.steps[piece.line.total].op)
            if not needless or piece.line.name in read:
                read.update(piece.reads)
                found.append(piece)
        found.reverse()
        lost = {p.line.name for p in pieces}.difference(p.line.name for p in found)
        return [
            replace(piece, number=place, names=_without(piece.names, lost))
            for place, piece in enumerate(found)
        ]

    def _read(self, value: int, path: Path, names: Mapping[int, str]) -> Iterator[int]:
        for at in (value, *(condition for condition, _ in path)):
            yield from self.placer.leaves(at, names)

    def _arms(
        self, value: int, path: Path, names: Mapping[int, str], blocks: Collection[int]
    ) -> Iterator[tuple[Path, int]]:
        todo = [(path, value)]
        while todo:
            path, value = todo.pop()
            value = self.paths.inside(value, path, names)
            step = self.steps[value]
            arms = None
            if value not in names and step.op == "where" and len(path) < DEEPEST:
                arms = self._split(step.args[0], path, names, blocks)
            if arms is None:
                yield path, self.paths.settled(value, path, names)
            else:
                todo += [(arms[1], step.args[2]), (arms[0], step.args[1])]

    def _split(
        self,
        condition: int,
        path: Path,
        names: Mapping[int, str],
        blocks: Collection[int],
    ) -> tuple[Path, Path] | None:
        """Return the branches of a choice, if they are the two of one condition that has a block."""
        found = []
        for wanted in (True, False):
            taken = self.paths.taken(condition, wanted, names)
            whole = both(path, taken)
            if whole is None or len(whole) != len(path) + 1:
                return None
            found.append(whole)
        (one,) = {*found[0]} - {*path}
        (other,) = {*found[1]} - {*path}
        return (found[0], found[1]) if one[0] == other[0] and one[0] in blocks else None


def _without(names: Mapping[int, str], lost: set[str]) -> Mapping[int, str]:
    if lost.isdisjoint(names.values()):
        return names
    return {value: name for value, name in names.items() if name not in lost}
