"""A named program in; the lines of its functions, with their comments, out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from gradgen.core.derive import Chain
from gradgen.core.program import Line, Program
from gradgen.passes.constants import Constant, constants_in, reached
from gradgen.passes.functions import backward, forward
from gradgen.passes.jacobian import jacobian
from gradgen.write.lines import LINE, Writer
from gradgen.write.target import Target
from gradgen.write.view import Group, Stage
from gradgen.write.words.comments import Comments

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
        program: Program,
        target: Target,
        chain: Chain,
        comments: Comments,
        limit: int | None,
    ) -> None:
        self.program = program
        self.target = target
        self.chain = chain
        self.comments = comments
        self.writer = Writer(chain, target, limit)
        self.inputs = {value: program.names[value] for value in program.signature}

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
        lines = forward(self.program, self.chain)
        stages = tuple(
            self.comments.stage(line, text)
            for line, text in self.writer.lines(lines, self.inputs)
        )
        return self._body((), self.inputs, lines), stages

    def backward(self) -> tuple[Body, Mapping[int, str]]:
        """Return the backward pass, and the upstream gradients with their names."""
        upstream, lines = backward(self.program, self.chain)
        self.writer.start(upstream)
        texts = self.writer.lines(lines, {**self.program.names, **upstream})
        return self._body(self._groups(texts), upstream, lines), upstream

    def jacobian(self) -> tuple[Body, Sequence[tuple[str, ...]], Sequence[str]]:
        """Return the function for all rows, its rows as names and zeros, and the names that it gives."""
        program, names = self.program, self.program.names
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
        texts = self.writer.lines(lines, names)
        for block in filter(lambda block: block.lines, found.blocks):
            groups.append(Group(f"{_BLOCKS[block.kind]} of {names[block.head]}.", ()))
            groups += self._groups(islice(texts, len(block.lines)))
        zero = self.target.language.digits(0.0)
        rows = [tuple(name or zero for name in row) for row in found.rows]
        return self._body(groups, self.inputs, lines), rows, found.names

    def _groups(self, texts: Iterator[tuple[Line, str]]) -> Iterator[Group]:
        for source, group in groupby(texts, lambda pair: pair[0].answers):
            assert source is not None
            comment = self.comments.above(source)
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
