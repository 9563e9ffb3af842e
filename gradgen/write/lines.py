"""Lines of functions in; their texts in a target's language out, with what they cost, read and call."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradgen.core.derive import Chain
from gradgen.core.notation import NoWordError
from gradgen.core.program import Line, Step
from gradgen.errors import GradgenError, TooLargeError
from gradgen.passes.cost import Count, Tally
from gradgen.passes.functions import Names, leaves, read_by
from gradgen.passes.ieee import Quiet
from gradgen.write.kinds import Kinds
from gradgen.write.spell import Leaf, Speller
from gradgen.write.target import Target

#: As how many operations a line counts, for what is done with it beside spelling it.
LINE = 3


class Text(NamedTuple):
    """A line of text.

    Attributes:
        line: the line that it is; None if it opens or ends a branch, or declares a name.
        indent: what it is indented by, beside the function.
        text: it.
        begins: whether a statement begins here, and no further branch of one.
        value: what a line says.
    """

    line: Line | None
    indent: str
    text: str
    begins: bool = True
    value: int = -1


class _Called(Names):
    """The names of values, as lines read what has them."""

    def __init__(self, names: Mapping[int, str], called: Callable[[str], str]) -> None:
        super().__init__(names)
        self.called = called
        self.update({value: called(name) for value, name in names.items()})

    def give(self, line: Line) -> None:
        name, total = self.called(line.name), line.total
        before = self.stands.get(line.name)
        if before is not None and self.get(before) == name:
            del self[before]
        self.setdefault(total, name)
        self.stands[line.name] = total


def as_read(target: Target, names: Mapping[int, str]) -> Names:
    """Return what values are called in lines, by their names before the first."""
    return Names(names) if target.called is None else _Called(names, target.called)


class Writer:
    """Writes the lines of one module.

    Attributes:
        count: what counts operations.
        read: the values that its lines have read, and numbers.
        known: their names there, and those numbers as texts.
        speller: what spells them, and knows which words it has used.
    """

    def __init__(self, chain: Chain, target: Target, limit: int | None = None) -> None:
        """Take the chain rule over a program, a target, and how many operations may be written of the program."""
        language = target.language
        self.chain = chain
        self.target = target
        self.limit = limit
        self.count = Count(chain.steps, language.counted)
        self.speller = Speller(chain.steps, language)
        self.kinds = Kinds(self.speller)
        #: By kind, and by what the leaves are worth: what a line costs, and what it is worth.
        self.costs: dict[Hashable, tuple[int, int]] = {}
        self.quiet = Quiet(chain, language.words) if target.ieee else None
        #: Whether there may be lines of functions of the user's own.
        self.owns = any(row.own for row in chain.steps.rows.values())
        #: What counts for the limit beside the operations of the lines.
        self.held = 0
        self.start({})

    @property
    def cost(self) -> int:
        """The operations so far of the function that is being written."""
        return self.tally.cost

    def start(self, upstream: Mapping[int, str]) -> None:
        """Begin a function that takes these upstream gradients, which count as 1."""
        self.tally = Tally(self.count, upstream)
        self.read: set[int] = set()
        self.known: set[str] = set()

    def hold(self, more: int = 0) -> None:
        """Hold the module to its limit, in which room for so many operations more is needed.

        Raises:
            TooLargeError: there is none.
        """
        written = self.kinds.written + self.held + more
        if self.limit is not None and written > self.limit:
            raise TooLargeError(
                f"the module would be too large: its lines have more than {self.limit} operations; split it into several"
            )

    def lines(self, lines: Sequence[Line], names: Mapping[int, str]) -> Iterator[Text]:
        """Yield the texts of lines, one after the other.

        Args:
            lines: the lines of a function, in order.
            names: what values are called before the first.

        Raises:
            GradgenError: the language cannot write an operation.
            TooLargeError: the module would be too large.
        """
        self.held += LINE * len(lines)
        self.hold()
        known = as_read(self.target, names)
        define, arrays = self.target.define, self.target.arrays
        truth, steps = self.target.truth, self.chain.steps
        truths = {op for op, row in steps.rows.items() if row.boolean} if truth else {}
        again = {line.name for line in lines if line.sign != "="}
        try:
            for line in lines:
                if arrays and line.sign != "=":
                    line = self._in_full(line, known)
                value, name, _, _, sign = line
                if value in known:
                    self._reads([value], known)
                    self.tally.line(line, known)
                    text = known[value]
                else:
                    text = self._text(line, known)
                    if self.limit is not None:
                        self.hold()
                if truth is not None and steps[value].op in truths:
                    text = truth(name, text)
                else:
                    text = define(name, sign, text, name in again)
                # In half the time of Text(...), of which there are very many.
                yield tuple.__new__(Text, (line, "", text, True, value))
                known.give(line)
        except NoWordError as error:
            raise self._lacking(error) from None

    def _in_full(self, line: Line, known: Names) -> Line:
        """Return `x = x + y` for `x += y`, which would write into an array that has another name too."""
        op = "add" if line.sign == "+=" else "sub"
        args = (known.stands[line.name], line.value)
        return line._replace(value=self.chain.steps.append(Step(op, args)), sign="=")

    def count_lines(self, lines: Sequence[Line], names: Mapping[int, str]) -> None:
        """Count what lines cost as they are made, one after the other.

        Args:
            lines: the lines of a function, in order.
            names: what values are called before the first.

        Raises:
            GradgenError: the language cannot write an operation.
        """
        self.held += LINE * len(lines)
        self.hold()
        known = Names(names)
        for line in known.along(lines):
            value = line.value if line.value in known else self.quieted(line, known)
            try:
                self.tally.line(line, known, value)
            except NoWordError as error:
                raise self._lacking(error) from None

    def quieted(self, line: Line, names: Mapping[int, str]) -> int:
        """Return what a line says under the options."""
        if self.quiet is None:
            return line.value
        if self.target.compact:
            return self.quiet.value(line.value, names)
        return self.quiet.line(line, names)

    def condition(self, value: int, names: Mapping[int, str]) -> str:
        """Return the text of a branch's condition, which may be made of constants alone; none of -1."""
        if value < 0:
            return ""
        if self.quiet is not None and value not in names:
            value = self.quiet.value(value, names)
        return self.text(value, names)

    def text(self, value: int, names: Mapping[int, str]) -> str:
        """Return the text of a value in a line.

        Raises:
            GradgenError: the language cannot write an operation.
            TooLargeError: the module would be too large.
        """
        if value in names:
            self._reads([value], names)
            return names[value]
        self._reads({*leaves(self.chain.steps, value, names)}, names)
        try:
            if not self.chain.steps[value].args:
                return self.speller.text(value, names)
            found = self.kinds.text(value, names, *self.kinds.of(value, names))
        except NoWordError as error:
            raise self._lacking(error) from None
        if self.limit is not None:
            self.hold()
        return found

    def _lacking(self, error: NoWordError) -> GradgenError:
        return GradgenError(f"{error} {self.speller.language.lacking}")

    def _reads(self, values: Iterable[int], known: Mapping[int, str]) -> None:
        values = [value for value in values if value in known]
        self.read.update(values)
        self.known.update(map(known.__getitem__, values))

    def said(self, value: int, known: Names) -> str:
        """Return the text of what is returned: a name, a number or their negative."""
        if value in known:
            self._reads([value], known)
            return known[value]
        if self.quiet is not None:
            value = self.quiet.value(value, known)
        self._reads(leaves(self.chain.steps, value, known), known)
        return self.speller.text(value, known)

    def _text(self, line: Line, known: Names) -> str:
        """Return a line's right-hand side.

        Raises:
            NoWordError: the language cannot write an operation.
        """
        value = line.value if self.quiet is None else self.quieted(line, known)
        if value in known or not self.chain.steps.list[value].args:
            self._reads(leaves(self.chain.steps, value, known), known)
            self.tally.line(line, known, value)
            return self.speller.text(value, known)
        kind, read = self.kinds.of(value, known)
        worths = self.tally.worths
        own = self.owns and self.tally.own(line)
        alike = worths.keys().isdisjoint(read)
        key = kind, own, () if alike else tuple([worths.get(leaf) for leaf in read])
        cost = self.costs.get(key)
        if cost is None:
            cost = self.costs[key] = self.count.line(value, known, worths, own)
        self.tally.add(line, *cost)
        text, read, said = self.kinds.line(value, known, kind, read)
        self.read.update(read)
        self.known.update(said)
        return text


def pieces(
    writer: Writer, lines: Sequence[Line], names: Mapping[int, str]
) -> Iterator[Sequence[str]]:
    """Yield of each line what it says in pieces, in which the names that it reads are `Leaf`.

    Args:
        writer: what writes them.
        lines: the lines of a function, in order.
        names: what values are called before the first.
    """
    known, steps = Names(names), writer.chain.steps
    for line in known.along(lines):
        if line.value in known:
            yield [Leaf(known[line.value])]
        else:
            value = writer.quieted(line, known)
            read = {leaf: Leaf(known[leaf]) for leaf in leaves(steps, value, known)}
            yield writer.speller.pieces(value, read)


def first_read(
    writer: Writer, lines: Sequence[Line], names: Mapping[int, str]
) -> Iterator[Sequence[str]]:
    """Yield of each line those of these names that no line before it reads.

    Args:
        writer: what writes them.
        lines: the lines of a function, in order.
        names: what values are called before the first.
    """
    known, left = Names(names), dict(names)
    for line in known.along(lines):
        value = line.value if line.value in known else writer.quieted(line, known)
        found = {*read_by(writer.chain.steps, value, known)} & left.keys()
        yield [left.pop(value) for value in sorted(found)]
