"""A named program in; the lines of its functions, with their comments, out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice
from typing import NamedTuple

from gradgen.core.derive import Chain
from gradgen.core.program import Line, Program
from gradgen.passes.constants import Constant, constants_in, held, reached
from gradgen.passes.functions import Names, backward, forward
from gradgen.passes.sweeps.jacobian import jacobian
from gradgen.write.compact import Compact, Fused, Plan, kept_names
from gradgen.write.lines import LINE, Writer
from gradgen.write.target import Target
from gradgen.write.view import Group, Stage
from gradgen.write.words.comments import Comments
from gradgen.write.words.values import Words

#: What the lines of a Jacobian make.
_BLOCKS = {
    "row": "The row",
    "column": "The column",
    "shared": "Shared by rows: the slopes",
}


class Body(NamedTuple):
    """What a function holds.

    Attributes:
        groups: its lines.
        read: the values that they read.
        unread: the names of what it is given and they do not read.
        idle: the names of what they assign and none of them reads.
        operations: what they cost.
    """

    groups: tuple[Group, ...]
    read: frozenset[int]
    unread: tuple[str, ...]
    idle: tuple[str, ...]
    operations: int


class Bodies:
    """Writes the functions of one module, one after the other: `forward`, `backward` and, if it has one, `jacobian`.

    Attributes:
        said: the words of the language that they use.
        called: the operations that they call by their own names.
    """

    def __init__(
        self,
        plan: Plan,
        target: Target,
        chain: Chain,
        comments: Comments,
        limit: int | None,
    ) -> None:
        self.plan = plan
        self.program = plan.program
        self.target = target
        self.chain = chain
        self.comments = comments
        self.writer = Writer(chain, target, limit)
        names = plan.program.names
        self.inputs = {value: names[value] for value in plan.program.signature}
        self.fuser = Compact(chain, plan.kinds)
        self.kept = kept_names(plan.program)

    @property
    def said(self) -> Sequence[str]:
        return [*self.writer.speller.said]

    @property
    def constants(self) -> Mapping[str, Constant]:
        """The constants with names that they read, and those that these are made of."""
        return reached(self.writer.speller.constants.values())

    @property
    def read(self) -> Container[str]:
        """The names of those that they read themselves."""
        return self.writer.speller.constants

    @property
    def called(self) -> Container[str]:
        return self.writer.speller.words

    def forward(self) -> tuple[Body, tuple[Stage, ...]]:
        """Return the forward pass, whose lines are stages with a comment each."""
        lines = self.plan.ahead
        if lines is None:
            lines = forward(self.program, self.chain)
        stages = (*self._stages(self.writer.lines(lines, self.inputs)),)
        return self._body((), self.inputs, lines), stages

    def backward(self) -> tuple[Body, Mapping[int, str], Sequence[str]]:
        """Return the backward pass, the upstream gradients with their names, and what it returns."""
        program = self.program
        upstream, lines = backward(program, self.chain)
        self.writer.start(upstream)
        names = {**self.plan.names, **upstream}
        returned: Sequence[str] = [program.adjoints[value] for value in program.wrt]
        if self.target.compact:
            fused = self.fuser.fuse(lines, names, self.kept, {}, returned)
            lines, returned = fused.lines, self._said(fused, names, returned)
        groups = self._groups(self.writer.lines(lines, names))
        return self._body(groups, upstream, lines), upstream, returned

    def single(self) -> tuple[Body, tuple[Stage, ...], Sequence[str]]:
        """Return the function for value and gradient at once, its stages, and the gradients that it returns."""
        program, steps = self.program, self.chain.steps
        chain = self.target.chain(program, steps, held(program))
        ahead = forward(program, chain)
        _, back = backward(program, chain, steps.const(1))
        returned: Sequence[str] = [program.adjoints[value] for value in program.wrt]
        self.writer.start({})
        fuser = Compact(chain, self.plan.kinds)
        fused = fuser.fuse([*ahead, *back], self.inputs, self.kept, {}, returned)
        returned = self._said(fused, self.inputs, returned)
        lines = fused.lines
        first = sum(line.answers is None for line in lines)
        texts = self.writer.lines(lines, self.inputs)
        made = {line.total for line in lines}
        names = {
            v: n for v, n in program.names.items() if v in self.inputs or v in made
        }
        plan = replace(self.plan, names=names, inside=fused.inside)
        words = Words(program, names, plan.holder)
        comments = Comments(words, chain, self.target.language)
        stages = (*self._stages(islice(texts, first), comments),)
        groups = self._groups(texts, plan, comments)
        return self._body(groups, self.inputs, lines), stages, returned

    def jacobian(self) -> tuple[Body, Sequence[tuple[str, ...]], Sequence[str]]:
        """Return the function for all rows, its rows as names and zeros, and the names that it gives."""
        program, names = self.program, self.plan.names
        numbers = len(program.outputs) * len(program.wrt)
        self.writer.hold(numbers + LINE * _slopes(program))
        self.writer.held += numbers
        taken = self.target.reserved | self.target.avoided | {*constants_in(program)}
        found = jacobian(
            program, self.chain, self.writer.count, taken, self.target.infinite
        )
        self.writer.start({})
        groups: list[Group] = []
        lines = [line for block in found.blocks for line in block.lines]
        slopes = [*dict.fromkeys(name for row in found.rows for name in row if name)]
        made = dict(enumerate(lines))
        said = dict(zip(slopes, slopes))
        if self.target.compact:
            fused = self.fuser.fuse(lines, names, (), {}, slopes)
            made, said = fused.made, dict(zip(slopes, self._said(fused, names, slopes)))
        texts = self.writer.lines([*made.values()], names)
        first = 0
        for block in found.blocks:
            places = range(first, first + len(block.lines))
            first += len(block.lines)
            count = sum(place in made for place in places)
            if count:
                head = program.names[block.head]
                groups.append(Group(f"{_BLOCKS[block.kind]} of {head}.", ()))
                groups += self._groups(islice(texts, count))
        zero = self.target.language.digits(0.0)
        rows = [tuple(said.get(name, zero) for name in row) for row in found.rows]
        body = self._body(groups, self.inputs, [*made.values()])
        return body, rows, found.names

    def _said(
        self, fused: Fused, names: Mapping[int, str], returned: Sequence[str]
    ) -> Sequence[str]:
        """Return what a function returns: a gradient that is no more than another has no line."""
        known = Names(names)
        for line in fused.lines:
            known.give(line)
        texts = {n: self.writer.said(value, known) for n, value in fused.said.items()}
        return [texts.get(name, name) for name in returned]

    def _stages(
        self, texts: Iterable[tuple[Line, str]], comments: Comments | None = None
    ) -> Iterator[Stage]:
        comments = comments or self.comments
        for line, text in texts:
            yield comments.stage(line, text)

    def _groups(
        self,
        texts: Iterator[tuple[Line, str]],
        plan: Plan | None = None,
        comments: Comments | None = None,
    ) -> Iterator[Group]:
        holder = (plan or self.plan).holder
        comments = comments or self.comments
        for source, group in groupby(texts, lambda pair: holder(pair[0].answers or 0)):
            comment = comments.above(source)
            yield Group(comment, tuple([text for _, text in group]))

    def _body(
        self, groups: Iterable[Group], given: Mapping[int, str], lines: Sequence[Line]
    ) -> Body:
        groups = tuple(groups)  # which writes the lines
        read = self.writer.read
        unread = tuple(name for value, name in given.items() if value not in read)
        known = {*self.writer.known, *given.values()}
        idle = dict.fromkeys([line.name for line in lines if line.name not in known])
        return Body(groups, frozenset(read), unread, (*idle,), self.writer.cost)


def _slopes(program: Program) -> int:
    """Return how many numbers in the Jacobian's rows are not 0 by the program's form."""
    reached = {value: 1 << place for place, value in enumerate(program.wrt)}
    for way in sorted(program.ways, key=lambda way: way.source):
        reached[way.source] = reached.get(way.source, 0) | reached.get(way.into, 0)
    return sum(reached.get(value, 0).bit_count() for _, value in program.outputs)
