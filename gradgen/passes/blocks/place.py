"""The lines of a function in; the branch that each belongs to, outside which it is 0 or not read, out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradgen.core.build import Steps
from gradgen.core.program import Line
from gradgen.core.tidy import Tidy
from gradgen.passes.blocks.paths import Path, Paths, both, either
from gradgen.passes.functions import Names, leaves

#: A condition outside of its branch has the conditions of that in its line, if they are no more than this; else they have a name.
_WRITTEN_OUT = 2


class Placed(NamedTuple):
    """A line with the branch that it belongs to.

    Attributes:
        line: the line.
        value: what it says.
        path: the branch outside which that is 0, or not read.
        names: what is called how in it.
        raised: whether it is a condition that stands outside of the branch that it belongs to.
    """

    line: Line
    value: int
    path: Path
    names: Mapping[int, str]
    raised: bool = False


class Placer:
    """Finds the branches of the lines of one function.

    Attributes:
        steps: the steps that lines are made of.
        joins: the values that are called as the choice between them.
        paths: what finds the branches of values.
        asked: what the conditions of branches are made of, with their names.
        alike: the gradients that go by the name of another, outside of whose branch they are 0.
    """

    def __init__(
        self, tidy: Tidy, said: Callable[[Line, Names], int], joins: Mapping[int, int]
    ) -> None:
        self.steps: Steps = tidy.steps
        self.tidy = tidy
        self.said = said
        self.joins = joins
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
        placed = self._sunk([*self._placed(lines, names)], results)
        return [*self._raised(placed)]

    def _chooses(self, value: int) -> bool:
        return self.steps[value].op == "where"

    def _placed(
        self, lines: Iterable[Line], names: Mapping[int, str]
    ) -> Iterator[Placed]:
        """Yield lines with their branches."""
        known = Names(names)
        self.asked = {v: n for v, n in names.items() if self.is_boolean(self.steps[v].op)}  # fmt: skip
        for line in lines:
            if self.is_boolean(self.steps[line.total].op):
                self.asked[line.total] = line.name
            value = line.value if line.value in known else self.said(line, known)
            ahead = line.answers is None
            chooses = value not in known and self._chooses(value)
            path = self.paths.of(value, known) if chooses or not ahead else ()
            read = sorted({*self.leaves(value, known)})
            for leaf in () if ahead else self.alike.intersection(read):
                path = both(self.paths.zero[leaf], path)
            first = line.sign == "="
            before = () if first else self.paths.zero.get(self._before(line, known), ())
            whole = path if first else either(path, before)
            if whole != ():
                self.paths.zero[line.total] = whole
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
            for condition, _ in path:
                self.asked |= {v: known[v] for v in self.leaves(condition, known)}
            yield Placed(line, value, path, {v: known[v] for v in read})
            if line.total in self.joins:
                known[line.total] = line.name
            else:
                known.give(line)

    def _before(self, line: Line, known: Names) -> int:
        return known.stands.get(line.name, -1)

    def _sunk(self, placed: Sequence[Placed], results: Collection[int]) -> list[Placed]:
        """Return forward lines, with each choice in the branch around all lines that read it."""
        needed: dict[int, Path | None] = {}
        first: dict[int, int] = {}
        found: list[tuple[int, int, Placed]] = []
        for place, one in reversed([*enumerate(placed)]):
            path, total, at = one.path, one.line.total, place
            ahead = one.line.answers is None and total not in results
            if ahead and not path and self._chooses(one.value):
                path = needed.get(total) or path
                at = first.get(total, place) if path else place
            found.append((at, place, one._replace(path=path)))
            for value, branch in self._reads(one, path):
                needed[value] = either(needed.get(value), branch)
                first[value] = min(at, first.get(value, at))
        # Behind the conditions of its branch, which the first line that reads it is.
        return [one for _, _, one in sorted(found, key=lambda key: key[:2])]

    def _reads(self, one: Placed, path: Path) -> Iterator[tuple[int, Path | None]]:
        """Yield what a line in a branch reads, each with the branch in which it does."""
        todo: list[tuple[int, Path | None]] = [(one.value, path)]
        while todo:
            value, branch = todo.pop()
            op, args, _, _ = self.steps[value]
            if value in one.names:
                yield value, branch
            elif op == "where":
                todo.append((args[0], branch))
                for place in (1, 2):
                    taken = self.paths.taken(args[0], place == 1, one.names)
                    todo.append((args[place], both(branch, taken)))
            else:
                todo += [(arg, branch) for arg in args]
        yield from ((condition, ()) for condition, _ in path)

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
                    rest = [part for part in one.path if part not in path]
                    asked = self.paths.condition(tuple(rest))
                    if len(rest) > _WRITTEN_OUT and not path:
                        asked = self.steps[one.value].args[0]
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
