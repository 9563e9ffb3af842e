"""An assignment that is too long for a line in; the lines into which black breaks it out, without black.

Black splits at the last brackets, or at the delimiters of the lowest rank, and looks again at what is still too long. What
follows is its algorithm for the statements of generated modules: names, numbers, operators, calls and choices. Where a split is
tried depends on the statement's shape alone, so that is found once a shape; which is taken depends on the widths of its names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple
from unicodedata import east_asian_width

from gradgen.write.python.shapes import COMMA, Shape, shape_of

_WIDTH = 88


def width(text: str) -> int:
    """Return the columns that a text takes: wide characters take two."""
    return (
        len(text)
        if text.isascii()
        else sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
    )


class _UnsplitError(Exception):
    """A line that cannot be split in the way that is tried."""


class _Line(NamedTuple):
    """A part of a statement on a line of its own.

    Attributes:
        start, end: its tokens.
        depth: how far it is indented.
        inside: whether it stands inside of brackets.
        comma: whether a comma is put behind it.
        shown: the optional brackets that are there.
    """

    start: int
    end: int
    depth: int
    inside: bool
    comma: bool
    shown: set[int]


class _Split(NamedTuple):
    """A line split at a pair of brackets."""

    head: _Line
    body: _Line
    tail: _Line
    opening: int
    closing: int


class _Ruler:
    """Writes and measures the lines of one statement."""

    def __init__(self, shape: Shape, words: Sequence[str], comment: str) -> None:
        self.shape = shape
        self.comment = comment
        given = iter(words)
        self.texts = [next(given) if t is None else t for t in shape.texts]
        widths = map(len, self.texts)
        self.sizes = [*map(sum, zip(widths, shape.spaces))]
        #: What stands before each token, in columns.
        self.before = [0, *accumulate(self.sizes)]
        if not "".join(self.texts).isascii():
            columns = map(width, self.texts)
            sizes = map(sum, zip(columns, shape.spaces))
            self.before = [0, *accumulate(sizes)]
        last = len(self.texts) - 1
        # Brackets around a single name leave the comment with it.
        single = shape.partners[last] == last - 2
        self.commented = (last - 1 if single else last) if comment else -1

    def columns(self, line: _Line) -> int:
        """Return the columns that a line takes."""
        start, end, depth, _, comma, shown = line
        found = self.before[end] - self.before[start] - self.shape.spaces[start]
        found += 4 * depth + comma
        if shown:
            found += sum(start <= at < end for at in shown)
        if start <= self.commented < end:
            found += 2 + width(self.comment)
        return found

    def fits(self, line: _Line) -> bool:
        return self.columns(line) <= _WIDTH

    def fits_at_last(self, line: _Line) -> bool:
        """Whether a line fits as it is written in the end, with powers without spaces."""
        columns = self.columns(line)
        if self.shape.hugs:
            columns -= 2 * len(self.hugged(line))
        return columns <= _WIDTH

    def hugged(self, line: _Line) -> list[int]:
        """Return the powers of a line that are written without spaces."""
        start, end = line.start, line.end - 1
        return [at for at, most in self.shape.hugs if start < at < end < most]

    def size(self, at: int, shown: set[int]) -> int:
        """Return the width of a token with the space before it, as black counts."""
        return (
            self.sizes[at]
            + (at in shown)
            + (len(self.comment) if at == self.commented else 0)
        )

    def text(self, line: _Line) -> str:
        """Return the text of a line."""
        shape = self.shape
        start, end, depth, _, comma, shown = line
        hugged = {*self.hugged(line)} if shape.hugs else set[int]()
        hugged |= {at + 1 for at in hugged}
        found = ["    " * depth]
        for at in range(start, end):
            if shape.spaces[at] and at > start and at not in hugged:
                found.append(" ")
            if at in shown:
                found.append("(" if at in shape.opening else ")")
            else:
                found.append(self.texts[at])
        if comma:
            found.append(",")
        if start <= self.commented < end:
            found.append(f"  {self.comment}")
        return "".join(found)


class _Breaker:
    """Breaks one statement."""

    def __init__(self, shape: Shape, ruler: _Ruler) -> None:
        self.shape = shape
        self.ruler = ruler
        self.fits = ruler.fits
        self.fits_at_last = ruler.fits_at_last

    def lines(self, depth: int) -> list[_Line]:
        """Return the statement's lines."""
        return self.transformed(
            _Line(0, len(self.shape.texts), depth, False, False, set())
        )

    def transformed(self, line: _Line, forced: bool = False) -> list[_Line]:
        """Return a line in as many as it takes; `forced` is whether all optional brackets are used."""
        if self.fits_at_last(line):
            return [line]
        if line.inside:
            try:
                return self.at_delimiters(line, forced)
            except _UnsplitError:
                pass
        try:
            return self.at_brackets(line, forced)
        except _UnsplitError:
            return [line]

    def at_delimiters(self, line: _Line, forced: bool) -> list[_Line]:
        start, end, depth, inside, comma, shown = line
        rank, cuts = self.shape.cuts(start, end if comma else end - 1)
        if not rank:
            raise _UnsplitError
        found = []
        for cut in cuts:
            found += self.transformed(
                _Line(start, cut + 1, depth, inside, False, shown), forced
            )
            start = cut + 1
        if start < end:
            comma |= rank == COMMA and self.shape.texts[end - 1] != ","
            found += self.transformed(
                _Line(start, end, depth, inside, comma, shown), forced
            )
        return found

    def at_brackets(self, line: _Line, forced: bool) -> list[_Line]:
        optional = self.tracked(line)
        outer = [at for at in optional if self.is_outer(at, line)]
        found: list[_Line] = []
        for part in self.split_with_omits(line, forced):
            if part[:5] == line[:5]:
                raise _UnsplitError
            found += self.transformed(part, forced)
        if (
            forced
            or not optional
            or any(at in line.shown for at in outer)
            or self.fits_at_last(found[0])
            or line.comma
        ):
            return found
        again = self.at_brackets(line._replace(shown={*line.shown}), True)
        return again if all(map(self.fits_at_last, again)) else found

    def tracked(self, line: _Line) -> list[int]:
        """Return the optional brackets of a line that are not there, and that have both halves on it."""
        inside: list[int] = []
        if line.start in self.shape.closing:
            return inside
        for at in self.shape.optional:
            both = (at, self.shape.partners[at])
            if at not in line.shown and all(line.start <= b < line.end for b in both):
                inside.append(at)
        return inside

    def is_outer(self, at: int, line: _Line) -> bool:
        return self.shape.depths[at] == self.shape.depths[line.start]

    def split_with_omits(self, line: _Line, forced: bool) -> list[_Line]:
        """Split at the last brackets, or at earlier ones if what stands behind them is short."""
        shape, first = self.shape, None
        for omit in self.omits(line):
            if omit:
                closing = next(
                    (
                        at
                        for at in range(line.end - 1, line.start - 1, -1)
                        if at in shape.closing and at not in omit
                    ),
                    None,
                )
                target = None if closing is None else shape.partners[closing]
                if target is not None and target >= line.start:
                    there = target not in shape.optional or target in line.shown
                    begin = self.ruler.before[target] - self.ruler.before[line.start]
                    if there and 4 * line.depth + begin > _WIDTH:
                        continue
            lines = self.maybe(self.split(line, omit), line, forced, omit)
            if first is None and not omit:
                first = lines
            if self.fits(lines[0]):
                return lines
        assert first is not None
        return first

    def omits(self, line: _Line) -> Iterator[frozenset[int]]:
        """Yield sets of closing brackets that a split passes over, as the text behind them is short enough."""
        shape = self.shape
        omit: set[int] = set()
        yield frozenset()
        length = 4 * line.depth + line.comma
        opening = closing = -1
        inner: set[int] = set()
        for at in range(line.end - 1, line.start - 1, -1):
            length += self.ruler.size(at, line.shown)
            if length > _WIDTH or at == self.ruler.commented:
                break
            if opening >= 0:
                if at == opening:
                    opening = -1
                elif at in shape.closing:
                    inner.add(at)
            elif at in shape.closing:
                if closing >= 0:
                    omit.add(closing)
                    omit |= inner
                    inner.clear()
                    yield frozenset(omit)
                if at not in shape.optional or at in line.shown:
                    opening, closing = shape.partners[at], at

    def split(self, line: _Line, omit: frozenset[int]) -> _Split:
        shape = self.shape
        for closing in range(line.end - 1, line.start - 1, -1):
            if closing in shape.closing and closing not in omit:
                break
        else:
            raise _UnsplitError
        opening = shape.partners[closing]
        if opening < line.start:
            raise _UnsplitError
        start, end, depth, _, comma, shown = line
        return _Split(
            _Line(start, opening + 1, depth, False, False, shown),
            _Line(opening + 1, closing, depth + 1, True, False, shown),
            _Line(closing, end, depth, False, comma, shown),
            opening,
            closing,
        )

    def maybe(
        self, split: _Split, line: _Line, forced: bool, omit: frozenset[int]
    ) -> list[_Line]:
        """Return the three lines of a split; where its brackets are optional, those of one without them if that is as good."""
        hidden = (
            split.opening in self.shape.optional and split.opening not in line.shown
        )
        if not forced and hidden and _can_omit(self.ruler, split):
            try:
                omit = omit | {split.closing}
                return self.maybe(self.split(line, omit), line, forced, omit)
            except _UnsplitError:
                body = split.body
                if body.end - body.start < 2 and not self.fits(body):
                    raise
        if split.opening in self.shape.optional:
            line.shown.update((split.opening, split.closing))
        return [split.head, split.body, split.tail]


def _can_omit(ruler: _Ruler, split: _Split) -> bool:
    """Whether optional brackets can be left out: what is in them is split well at its own."""
    shape, body = ruler.shape, split.body
    rank, cuts = shape.cuts(body.start, body.end)
    if not rank:
        return True
    if len(cuts) > 1:
        return False
    if body.start in shape.opening and _ends_well(ruler, body):
        return True
    last = body.end - 1
    return (
        shape.texts[last] in (")", "")
        and last in shape.closing
        and _begins_well(ruler, body)
    )


def _ends_well(ruler: _Ruler, line: _Line) -> bool:
    """Whether what stands behind the first brackets is short, up to others."""
    shape = ruler.shape
    closing = shape.partners[line.start]
    remainder = False
    length = 4 * line.depth
    for at in range(line.start, line.end):
        if at == closing:
            remainder = True
        if remainder:
            length += ruler.size(at, line.shown)
            if length > _WIDTH:
                return False
            if at in shape.opening:
                remainder = False
    return True


def _begins_well(ruler: _Ruler, line: _Line) -> bool:
    """Whether what stands before the last brackets is short, or has others."""
    shape = ruler.shape
    opening = shape.partners[line.end - 1]
    length = 4 * line.depth
    for at in range(line.start, line.end):
        length += ruler.size(at, line.shown)
        if at == opening:
            return length <= _WIDTH or any(
                line.start <= other < opening for other in shape.opening
            )
    return False


def broken(
    shape: str, words: Sequence[str], comment: str, depth: int = 1
) -> str | None:
    """Return a statement of a function as black writes it, if it is an assignment of a kind that is known.

    Args:
        shape: the statement without its indentation, with `x` for each name and `1` for each number.
        words: these names and numbers.
        comment: what stands behind it, from its `#` on; empty for nothing.
        depth: how far it is indented.
    """
    found = shape_of(shape)
    if found is None:
        return None
    ruler = _Ruler(found, words, comment)
    return "\n".join(map(ruler.text, _Breaker(found, ruler).lines(depth)))
