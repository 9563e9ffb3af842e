"""The lines of a compact function in their branches in; fewer that say the same out: no copies, and what is read once where it is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gradgen.core.program import Line
from gradgen.core.tidy import Tidy
from gradgen.passes.blocks.order import Piece
from gradgen.passes.functions import read_by
from gradgen.passes.signs import bare, is_light, negative


class Fits(Protocol):
    """What a style asks of a line.

    Attributes:
        author: the names that the author gave, which keep their lines.
    """

    author: Collection[str]

    def put(self, value: int, places: Mapping[int, int], names: Mapping[int, str]) -> int:  # fmt: skip
        """Return a value with others in the places of what has names."""

    def fits(self, line: Line, value: int, names: Mapping[int, str]) -> bool:
        """Whether a line may say this."""


class Trimmer:
    """Puts lines into those that read them, in the same branch.

    Attributes:
        steps: what lines are made of.
        style: what a line has room for.
        kept: the names that keep their lines.
        inside: by forward line that stands in another, the value of that.
    """

    def __init__(self, tidy: Tidy, style: Fits, kept: Collection[str]) -> None:
        self.steps = tidy.steps
        self.style = style
        self.kept = {*kept, *style.author}
        self.inside: dict[int, int] = {}

    def run(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Return fewer pieces."""
        found = {piece.number: self._signed(piece) for piece in pieces}
        writers: dict[str, list[int]] = {}
        readers: dict[str, list[int]] = {}
        for piece in pieces:
            writers.setdefault(piece.line.name, []).append(piece.number)
            for name in piece.reads:
                readers.setdefault(name, []).append(piece.number)
        for piece in pieces:
            name = piece.line.name
            piece = found[piece.number]
            alone = name not in self.kept and len(writers[name]) == 1
            if not (alone and piece.path and piece.line.sign == "="):
                continue
            into = [found[number] for number in readers.get(name, ())]
            light = is_light(self.steps, piece.value, piece.names)
            if not into or not (light or (len(into) == 1 and into[0].path == piece.path)):  # fmt: skip
                continue
            last = into[-1].number
            if any(
                piece.number < number <= last
                for read in piece.reads
                for number in writers.get(read, ())
            ):
                continue
            new = [self._put(piece, one, light) for one in into]
            if any(one is None for one in new):
                continue
            for one in new:
                assert one is not None
                found[one.number] = (
                    one  # what it reads now is made before: gone through
                )
            del found[piece.number]
            if piece.line.answers is None:
                self.inside[piece.line.total] = into[-1].line.total
        return [replace(one, number=n) for n, one in enumerate(found.values())]

    def _put(self, piece: Piece, into: Piece, light: bool) -> Piece | None:
        """Return a piece with another in its place, None where it does not go there."""
        total = piece.line.total
        within = into.path[: len(piece.path)] == piece.path
        within &= (piece.line.answers is None) == (into.line.answers is None)
        if (
            not within
            or total not in into.names
            or into.names[total] != piece.line.name
        ):
            return None
        if any(total in read_by(self.steps, c, into.names) for c, _ in into.path):
            return None
        names = {**into.names, **piece.names}
        del names[total]
        inner = bare(self.steps, piece.value, piece.names)
        value = self.style.put(into.value, {total: inner}, names)
        line = into.line
        if not light and not self.style.fits(line, value, names):
            return None
        said = {*read_by(self.steps, value, names)}
        read = {name: None for v, name in names.items() if v in said}
        for condition, _ in into.path:
            asked = sorted(read_by(self.steps, condition, names))
            read |= {names[v]: None for v in asked}
        if line.sign != "=":
            read[line.name] = None
        into = replace(into, line=line, value=value, names=names, reads=[*read])
        return self._signed(into)

    def _signed(self, piece: Piece) -> Piece:
        """Return a line in which the sign of what is added is that of the addition."""
        line = piece.line
        if line.sign == "=":
            return piece
        value = negative(self.steps, piece.value, piece.names, numbers=True)
        if value is None:
            return piece
        sign = {"+=": "-=", "-=": "+="}[line.sign]
        return replace(piece, line=line._replace(sign=sign), value=value)
