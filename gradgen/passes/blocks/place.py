"""The lines of a function in; the branch that each belongs to, outside which it is 0 or not read, out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from gradgen.core.build import Steps
from gradgen.core.program import Line
from gradgen.core.tidy import Tidy
from gradgen.errors import GradgenError
from gradgen.passes.blocks.paths import Path, Paths, both, either
from gradgen.passes.blocks.sink import Placed, sunk
from gradgen.passes.functions import Names, leaves

#: A condition outside of its branch has the conditions of that in its line, if they are no more than this; else they have a name.
_WRITTEN_OUT = 2
#: In how many branches all lines of a function may be, those around others counted, too.
MAX_BRANCHES = 600_000


class Placer:
    """Finds the branches of the lines of one function.

    Attributes:
        steps: the steps that lines are made of.
        joins: the values that are called as the choice between them.
        paths: what finds the branches of values.
        asked: what the conditions of branches are made of, with their names.
        alike: the gradients that go by the name of another, outside of whose branch they are 0.
        ones: the gradients that are 1 or -1 in their branch.
        mine: those of them that have no line.
        anew: those of these that others have come to.
    """

    def __init__(
        self,
        tidy: Tidy,
        said: Callable[[Line, Names], int],
        joins: Mapping[int, int],
        kept: Collection[str] = (),
    ) -> None:
        self.steps: Steps = tidy.steps
        self.tidy = tidy
        self.said = said
        self.joins = joins
        self.kept = kept
        self.ones: dict[int, int] = {}
        self.mine: set[int] = set()
        self.anew: set[int] = set()
        self.paths = Paths(self.steps, tidy.make)
        self.asked: dict[int, str] = {}
        self.alike: set[int] = set()

    def run(
        self,
        lines: Sequence[Line],
        names: Mapping[int, str],
        results: Collection[int],
    ) -> Sequence[Placed]:
        """Return lines with their branches; none where there are no branches.

        Args:
            lines: the lines of a function, in order.
            names: what values are called before the first.
            results: the results; every other choice of a forward line may stand where it is read.
        """
        if not any(self._chooses(line.value) for line in lines):
            return ()
        placed = [*_limited(self._placed(lines, names))]
        if self.ones:
            # Only where what reads them is 0 outside of their branch.
            self.mine = {*self.ones}
            for one in placed:
                for condition, _ in one.path:
                    self.mine.difference_update(self.steps[condition].args)
                for value in self.mine.intersection(one.names):
                    zero = self.paths.zero[value]
                    if zero is None or not {*zero} <= {*one.path}:
                        self.mine.discard(value)
            placed = self._without_ones(lines, names)
        placed = sunk(placed, results, self.paths)
        return [*self._raised(placed)]

    def _without_ones(
        self, lines: Sequence[Line], names: Mapping[int, str]
    ) -> list[Placed]:
        """Return lines again, without gradients that are 1 or -1, but for those that come out of others anew."""
        while True:
            self.ones, self.alike, self.anew = {}, set(), set()
            self.paths = Paths(self.steps, self.tidy.make)
            placed = [*_limited(self._placed(lines, names))]
            if not self.anew:
                return placed
            self.mine -= self.anew

    def _chooses(self, value: int) -> bool:
        return self.steps[value].op == "where"

    def _placed(
        self, lines: Sequence[Line], names: Mapping[int, str]
    ) -> Iterator[Placed]:
        """Yield lines with their branches."""
        known = Names(names)
        again = {line.name for line in lines if line.sign != "="}
        self.asked = {v: n for v, n in names.items() if self.is_boolean(self.steps[v].op)}  # fmt: skip
        conditions: set[int] = set()
        for line in lines:
            if self.is_boolean(self.steps[line.total].op):
                self.asked[line.total] = line.name
            value = line.value if line.value in known else self.said(line, known)
            ahead = line.answers is None
            chooses = value not in known and self._chooses(value)
            path = self.paths.of(value, known) if chooses or not ahead else ()
            read = sorted({*self.leaves(value, known)})
            alike = set[int]() if ahead else self.alike.intersection(read)
            for leaf in sorted(alike):
                path = both(self.paths.zero[leaf], path)
            if not self.mine.isdisjoint(read):
                value = self._filled(value, known)
                read = sorted({*self.leaves(value, known)})
                self.anew |= self.mine.intersection(read)
            first = line.sign == "="
            before = () if first else self.paths.zero.get(known.stands.get(line.name, -1), ())  # fmt: skip
            whole = path if first else either(path, before)
            if whole != ():
                self.paths.zero[line.total] = whole
            if path is None and not first:  # which adds 0
                _add_nothing(self, line, known)
                continue
            if path is None:  # it is 0 everywhere
                value, path, read = self.outside(line.total), (), []
                if first and line.name in known.stands:
                    known[line.total] = line.name
                    self.alike.add(line.total)
                    continue
            inner = self.paths.inside(value, path, known)
            if not ahead and first and known.get(inner) == line.name:
                # The gradient of an arm is the choice's where the arm is taken.
                known[line.total] = line.name
                self.alike.add(line.total)
                continue
            number = self.steps.number(inner)
            alone = first and not (ahead or line.name in again or line.name in self.kept)  # fmt: skip
            if alone and path and number in (1, -1) and not isinstance(number, bool):
                self.ones[line.total] = inner
                if line.total in self.mine:
                    known[line.total] = line.name
                    self.alike.add(line.total)
                    continue
            for condition in [c for c, _ in path if c not in conditions]:
                conditions.add(condition)
                self.asked |= {v: known[v] for v in self.leaves(condition, known)}
            called = {v: known[v] for v in read}
            yield Placed(line, value, path, called, bound=bool(alike))
            if line.total in self.joins:
                known[line.total] = line.name
            else:
                known.give(line)

    def _filled(self, value: int, names: Mapping[int, str]) -> int:
        """Return a value with numbers in the places of gradients that are 1 or -1. The recursion is as deep as a line, which is short."""
        if value in self.mine and value in self.ones:
            return self.ones[value]
        step = self.steps[value]
        if value in names or not step.args:
            return value
        args = [self._filled(arg, names) for arg in step.args]
        return value if args == [*step.args] else self.tidy.make(step.op, *args)

    def _raised(self, placed: Iterable[Placed]) -> Iterator[Placed]:
        """Yield lines, with conditions outside of the blocks that they need nothing of: `not a and b` instead of `b` where a fails."""
        where: dict[str, Path] = {}
        for one in placed:
            line = one.line
            value = self.paths.inside(one.value, one.path, one.names)
            step = self.steps[value]
            if (
                one.path
                and value not in one.names
                and self.is_boolean(step.op)
                and self._chooses(one.value)
            ):
                path: Path | None = ()
                for name in one.names.values():
                    path = both(path, where.get(name, ()))
                if path is not None and {*path} < {*one.path}:
                    outer = {*path}
                    rest = [part for part in one.path if part not in outer]
                    if len(rest) > _WRITTEN_OUT and not path:
                        asked = self.steps[one.value].args[0]
                    else:
                        asked = self.paths.condition(tuple(rest))
                    said = self.tidy.make("and", asked, value)
                    names = {**one.names, **self.asked_in(one.path)}
                    one = one._replace(path=path, value=said, names=names, raised=True)
            where[line.name] = one.path
            yield one

    def leaves(self, value: int, names: Mapping[int, str]) -> Iterator[int]:
        """Yield the values with names that a value is made of, or itself."""
        if value in names:
            yield value
        else:
            yield from leaves(self.steps, value, names)

    def outside(self, total: int) -> int:
        """Return what a value is outside of its branch."""
        step = self.steps[total]
        return self.steps.const(False if self.is_boolean(step.op) else 0)

    def is_boolean(self, op: str) -> bool:
        """Whether an operation is a condition."""
        return op in self.steps.rows and self.steps.rows[op].boolean

    def asked_in(self, path: Path) -> Mapping[int, str]:
        """Return what the conditions of a branch are made of, with its names."""
        return {v: self.asked[v] for c, _ in path for v in self.leaves(c, self.asked)}


def _add_nothing(placer: Placer, line: Line, known: Names) -> None:
    """Let a gradient that 0 is added to be what it was, also where it has the name of the choice that it is an arm of."""
    args = placer.steps[line.total].args
    same = [v for v in args if v in placer.alike and known.get(v) == line.name]
    if not same:
        known.give(line)
        return
    known[line.total] = line.name
    placer.alike.add(line.total)
    placer.paths.zero[line.total] = placer.paths.zero.get(same[0], ())


def _limited(placed: Iterable[Placed]) -> Iterator[Placed]:
    """Yield lines as long as they stand in no more branches than allowed.

    Raises:
        GradgenError: they stand in more.
    """
    deep = 0
    for one in placed:
        deep += len(one.path)
        if deep > MAX_BRANCHES:
            raise GradgenError(
                f"the lines stand in more than {MAX_BRANCHES} branches, each counted with those around it; "
                "take fewer rounds, or split the function into several"
            )
        yield one
