"""A named program in; the lines of its functions, with their comments, out."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    Container,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from itertools import groupby
from typing import NamedTuple, Protocol, TypeAlias

from gradgen.core.program import Program
from gradgen.passes.constants import Constant, reached
from gradgen.passes.sweeps.jacobian import Block
from gradgen.write.blocks import Function, Functions, written
from gradgen.write.compact.plan import Plan
from gradgen.write.constants import Declarations
from gradgen.write.lines import Text, as_read, first_read, pieces
from gradgen.write.target import Target
from gradgen.write.templates import Templates
from gradgen.write.view import Group, Stage
from gradgen.write.words.comments import Comments, commented
from gradgen.write.words.docstring import Docstrings
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
        first: in loops over rows, of each line the names that it is the first to read of what the function is given.
    """

    groups: tuple[Group, ...]
    read: frozenset[int]
    unread: tuple[str, ...]
    idle: tuple[str, ...]
    operations: int
    first: tuple[Sequence[str], ...] = ()


#: A line, and what it says in pieces.
Piece: TypeAlias = tuple[Text, Sequence[str]]
#: Forward lines, or backward ones, which the first of these tells.
Part: TypeAlias = tuple[bool, Sequence[Stage], Sequence[Group]]


class Bodies:
    """Writes the functions of one module, one after the other: `forward`, `backward` and, if it has one, `jacobian`.

    Attributes:
        said: the words of the language that they use.
        called: the operations that they call by their own names.
    """

    def __init__(self, functions: Functions, comments: Comments) -> None:
        """Take the lines of the functions, and what writes comments."""
        self.functions = functions
        self.plan = functions.laid
        self.program = functions.program
        self.target = functions.target
        self.chain = functions.chain
        self.writer = functions.writer
        self.comments = comments
        self.inputs = functions.inputs

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
        self.writer.start({})
        texts = [*written(self.writer, self.functions.front)]
        stages = (*self._stages(texts),)
        functions = self.functions
        return _body(functions, functions.front, (), self.inputs, texts), stages

    def backward(self) -> tuple[Body, Mapping[int, str], Sequence[str]]:
        """Return the backward pass, the upstream gradients with their names, and what it returns."""
        program, upstream = self.program, self.functions.upstream
        self.writer.start(upstream)
        texts = [*written(self.writer, self.functions.back)]
        returned = [program.adjoints[value] for value in program.wrt]
        returned = self.returned(self.functions.back, returned)
        groups = self._groups(texts)
        body = _body(self.functions, self.functions.back, groups, upstream, texts)
        return body, upstream, returned

    def single(self) -> tuple[Body, tuple[Stage, ...], Sequence[str]]:
        """Return the function for value and gradient at once, its stages, and the gradients that it returns."""
        texts, returned, plan, comments, function = self._both()
        first = _first_back(texts)
        stages = (*self._stages(texts[:first], comments),)
        groups = self._groups(texts[first:], plan, comments)
        body = _body(self.functions, function, groups, self.inputs, texts)
        return body, stages, returned

    def _both(
        self,
    ) -> tuple[Sequence[Text], Sequence[str], Plan, Comments, Function]:
        """Return the lines for value and gradient at once, the gradients, which values have lines, what writes comments, and what was written."""
        self.writer.start({})
        function, chain, plan = self.functions.single()
        texts = [*written(self.writer, function)]
        returned = [self.program.adjoints[value] for value in self.program.wrt]
        returned = self.returned(function, returned)
        words = Words(plan.program, plan.names, plan.holder)
        words.notes = self.comments.words.notes
        comments = Comments(words, chain, self.target.language)
        return texts, returned, plan, comments, function

    def levels(
        self, cut: Callable[[Iterable[Piece]], Sequence[Sequence[Text]]]
    ) -> tuple[Sequence[Part], Sequence[Sequence[str]]]:
        """Return the lines for values and slopes at once, cut into parts, and the slopes of each result, empty where one is 0.

        Args:
            cut: what cuts them into parts that are forward lines alone, or backward lines, by what each says in pieces.
        """
        plan: Plan | None = None
        if self.functions.rows is None:
            texts, returned, plan, comments, function = self._both()
            slopes: Sequence[Sequence[str]] = [returned]
            functions = [function]
        else:
            self.writer.start({})
            texts = [*written(self.writer, self.functions.front)]
            texts += [text for _, row in self._swept() for text in row]
            comments, slopes = self._of_rows(), self._rows()
            swept = (function for _, function in self.functions.swept)
            functions = [self.functions.front, *swept]
        said = (p for f in functions for p in pieces(self.writer, *f.shown))
        parts: list[Part] = []
        for part in cut(zip(texts, said)):
            if part[0].line is not None and part[0].line.answers is not None:
                parts.append((True, (), (*self._groups(part, plan, comments),)))
            else:
                parts.append((False, (*self._stages(part, comments),), ()))
        return parts, slopes

    def jacobian(
        self, ahead: bool = False
    ) -> tuple[Body, Sequence[Stage], Sequence[tuple[str, ...]]]:
        """Return the function for all rows, the forward lines before those if they are asked for, and the rows as names and zeros."""
        self.writer.start({})
        every = [*written(self.writer, self.functions.front)] if ahead else []
        groups: list[Group] = []
        stages, comments = [*self._stages(every)], self._of_rows()
        for block, texts in self._swept():
            of = f"{_BLOCKS[block.kind]} of {self.program.names[block.head]}."
            groups.append(Group(of, ()))
            groups += self._groups(texts, None, comments)
            every += texts
        zero = self.target.language.digits(0.0)
        rows = [tuple(name or zero for name in row) for row in self._rows()]
        body = _body(self.functions, self.functions.front, groups, self.inputs, every)
        return body, stages, rows

    def _of_rows(self) -> Comments:
        """Return what writes the comments of the lines for all rows."""
        if not self.functions.joins:
            return self.comments
        plan = self.functions.plan  # each slope is that by a value of its own
        words = Words(self.program, plan.names, plan.holder)
        return Comments(words, self.chain, self.target.language)

    def _swept(self) -> Iterator[tuple[Block, Sequence[Text]]]:
        """Yield the lines for all rows, sweep by sweep."""
        for block, function in self.functions.swept:
            yield block, [*written(self.writer, function)]

    def _rows(self) -> Sequence[Sequence[str]]:
        """Return the slopes of each result, empty where one is 0."""
        found = self.functions.rows
        assert found is not None
        slopes = [*dict.fromkeys(name for row in found.rows for name in row if name)]
        said = dict(zip(slopes, self.returned(self.functions.end, slopes)))
        return [[said.get(name, name) for name in row] for row in found.rows]

    def returned(self, function: Function, returned: Sequence[str]) -> list[str]:
        """Return what a function returns: a gradient that is no more than another has no line."""
        called = self.target.called or str
        if not function.said:
            return [*map(called, returned)]
        lines, names = function.shown
        known = as_read(self.target, names).behind(lines)
        texts = {n: self.writer.said(v, known) for n, v in function.said.items()}
        return [texts.get(name, called(name)) for name in returned]

    def _stages(
        self, texts: Iterable[Text], comments: Comments | None = None
    ) -> Iterator[Stage]:
        comments = comments or self.comments
        for line, indent, text, _, value in texts:
            if line is None:
                yield Stage(indent + text)
            else:
                comment = comments.edge(line, value, self.writer.quiet)
                comment = comment or comments.beside(line)
                yield commented(text, comment, indent)

    def _groups(
        self,
        texts: Iterable[Text],
        plan: Plan | None = None,
        comments: Comments | None = None,
    ) -> Iterator[Group]:
        holder = (plan or self.plan).holder
        comments = comments or self.comments

        def answered(one: Text) -> tuple[int | None, str]:
            if one.line is None:
                return None, one.indent
            answers = one.line.answers
            return -1 if answers is None else holder(answers), one.indent

        for (source, indent), group in groupby(texts, answered):
            if source == -1:  # a forward line in a branch with backward ones
                for stage in self._stages(group, comments):
                    beside = f"  {self.target.comment} {stage.comment}"
                    text = stage.text + beside * bool(stage.comment)
                    yield Group("\n".join(stage.above), (text,), indent)
                continue
            comment = "" if source is None else comments.above(source, indent)
            yield Group(comment, tuple([indent + x.text for x in group]), indent)


def _body(
    functions: Functions,
    function: Function,
    groups: Iterable[Group],
    given: Mapping[int, str],
    texts: Sequence[Text],
) -> Body:
    """Return what a function holds whose lines have these texts."""
    writer, joins = functions.writer, functions.joins
    read = {joins.get(value, value) for value in writer.read}
    unread = tuple(name for value, name in given.items() if value not in read)
    known = {*writer.known, *given.values()}
    names = [one.line.name for one in texts if one.line is not None]
    idle = dict.fromkeys([name for name in names if name not in known])
    loops = functions.target.loops
    first = (*first_read(writer, *function.shown),) if loops else ()
    return Body(tuple(groups), frozenset(read), unread, (*idle,), writer.cost, first)


def _first_back(texts: Sequence[Text]) -> int:
    """Return where the backward lines begin, with the block that the first of them stands in."""
    first = next(
        (i for i, one in enumerate(texts) if one.line and one.line.answers is not None),
        len(texts),
    )
    while 0 < first < len(texts) and (texts[first].indent or not texts[first].begins):
        first -= 1
    return first


class Viewer(Protocol):
    """What knows the texts of a module."""

    program: Program
    target: Target
    bodies: Bodies
    docstrings: Docstrings
    declarations: Declarations
    files: Templates
    defaults: Mapping[str, float]

    def imports(self, helpers: Sequence[str], named: bool) -> tuple[str, ...]:
        """Return the lines that import."""

    def noqa(self, read: Collection[int], slopes: Sequence[str]) -> tuple[str, ...]:
        """Return the rules of a linter that names break."""

    def unused(self, outputs: str) -> Iterator[Stage]:
        """Yield the lines of gradients that nothing reaches."""
