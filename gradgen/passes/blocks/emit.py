"""Blocks of lines in; what is written of them one after the other out: lines, conditions, and what is declared before a block."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Literal, NamedTuple

from gradgen.core.program import Line
from gradgen.core.tidy import Tidy
from gradgen.passes.blocks.order import Block, Item, Piece
from gradgen.passes.blocks.paths import Path, Paths
from gradgen.passes.signs import negated


class Head(NamedTuple):
    """The line that begins a branch, or ends the last one.

    Attributes:
        depth: how many blocks are around it.
        word: which line that is.
        condition: the condition, unless there is none.
        names: what is called how in it.
    """

    depth: int
    word: Literal["if", "elif", "else", "end"]
    condition: int = -1
    names: Mapping[int, str] = {}


class Said(NamedTuple):
    """A line in a branch.

    Attributes:
        depth: how many blocks are around it.
        line: the line.
        value: what it says.
        names: what is called how in it.
        sign: its sign.
        new: whether its name is declared by it.
        changes: whether its name is assigned to again.
    """

    depth: int
    line: Line
    value: int
    names: Mapping[int, str]
    sign: str
    new: bool
    changes: bool


class Declared(NamedTuple):
    """A name that stands before a block of which some branches assign to it.

    Attributes:
        depth: how many blocks are around it.
        name: the name.
        value: what it stands for in the other branches; None where there are none.
        new: whether it is declared here.
    """

    depth: int
    name: str
    value: int | None
    new: bool


@dataclass
class _Scope:
    """What names stand for at some place: a value, 0 so far, or nothing yet although they are declared.

    Attributes:
        ends: up to which piece names declared here are known.
    """

    ends: float
    made: dict[str, Literal["value", "zero", "nothing"]] = field(default_factory=dict)

    def inner(self, ends: float) -> _Scope:
        return _Scope(ends, dict(self.made))


class Emitter:
    """Goes through blocks.

    Attributes:
        kept: the names that are read behind all lines.
    """

    def __init__(self, tidy: Tidy, paths: Paths, items: Sequence[Item], given: Collection[str], kept: Collection[str]) -> None:  # fmt: skip
        self.tidy = tidy
        self.paths = paths
        self.items = items
        self.given = given
        #: The pieces in the order in which they are written, and the place of each.
        self.pieces: list[Piece] = []
        self.place: dict[int, int] = {}
        #: Of each block the places of its first and its last piece.
        self.spans: dict[Block, tuple[int, int]] = {}
        #: Of each block: what all its branches assign to, and what some do, in order.
        self.sure: dict[Block, set[str]] = {}
        self.some: dict[Block, dict[str, None]] = {}
        #: Where each name is read last, and where it is assigned to.
        self.last: dict[str, float] = dict.fromkeys(kept, inf)
        self.set: dict[str, list[int]] = {}
        self._survey(items)

    def run(self) -> Iterator[Head | Said | Declared]:
        """Yield what is written."""
        scope = _Scope(inf, dict.fromkeys(self.given, "value"))
        yield from self._written(self.items, scope, 0)

    def _survey(self, items: Sequence[Item]) -> tuple[set[str], dict[str, None]]:
        """Return what lines assign to in any case, and what at all."""
        sure, some = set[str](), dict[str, None]()
        for item in items:
            if isinstance(item, Block):
                begin = len(self.pieces)
                asked = [item.names[v] for v in item.names]
                for name in asked:
                    self.last[name] = max(self.last.get(name, begin), begin)
                arms = [self._survey(arm) for arm in reversed(item.arms)]
                self.spans[item] = begin, len(self.pieces) - 1
                self.sure[item] = arms[0][0] & arms[1][0]
                self.some[item] = {**arms[0][1], **arms[1][1]}
                sure |= self.sure[item]
                some = {**some, **self.some[item]}
                continue
            place = self.place[item.number] = len(self.pieces)
            self.pieces.append(item)
            for name in item.reads:
                self.last[name] = max(self.last.get(name, place), place)
            self.set.setdefault(item.line.name, []).append(place)
            sure.add(item.line.name)
            some[item.line.name] = None
        return sure, some

    def _written(
        self, items: Sequence[Item], scope: _Scope, depth: int
    ) -> Iterator[Head | Said | Declared]:
        for item in items:
            if isinstance(item, Piece):
                yield from self._line(item, scope, depth, item.value)
            else:
                yield from self._block(item, scope, depth)

    def _line(
        self, piece: Piece, scope: _Scope, depth: int, value: int
    ) -> Iterator[Said | Declared]:
        line, place = piece.line, self.place[piece.number]
        sign, name = line.sign, line.name
        for read in piece.reads:
            if read in self.set and not (read == name and sign != "="):
                yield from self._zero(read, scope, depth)
        before = scope.made.get(name)
        if sign != "=" and before != "value":
            if sign == "-=":
                value = negated(self.tidy.steps, value, piece.names)
            sign = "="
        again = any(place < other <= scope.ends for other in self.set[name])
        scope.made[name] = "value"
        yield Said(depth, line, value, piece.names, sign, before is None, again)

    def _zero(self, name: str, scope: _Scope, depth: int) -> Iterator[Declared]:
        """Yield what a name stands for so far, where no line before has assigned to it."""
        before = scope.made.get(name)
        if before in (None, "nothing"):
            scope.made[name] = "zero"
            outside = self.pieces[self.set[name][0]].outside
            yield Declared(depth, name, outside, before is None)

    def _block(
        self, block: Block, scope: _Scope, depth: int
    ) -> Iterator[Head | Said | Declared]:
        single = self._single(block, scope)
        if single is not None:
            yield from self._line(single, scope, depth, single.value)
            return
        _, end = self.spans[block]
        for name in self.some[block]:
            if self.last.get(name, -1) <= end:
                continue
            if name not in self.sure[block]:
                yield from self._zero(name, scope, depth)
            elif name not in scope.made:
                scope.made[name] = "nothing"
                yield Declared(depth, name, None, True)
        yield from self._branches(block, scope, depth, "if")
        yield Head(depth, "end")

    def _branches(
        self, block: Block, scope: _Scope, depth: int, word: Literal["if", "elif"]
    ) -> Iterator[Head | Said | Declared]:
        path: Path = ()
        names = dict(block.names)
        at = block
        while True:
            other, one = at.arms
            path = (*path, (at.condition, bool(one)))
            inner = (one or other)[0]
            if (one and other) or len(one or other) > 1 or isinstance(inner, Piece):
                break
            if all(inner.arms):
                break
            at = inner
            names |= at.names
        _, end = self.spans[block]
        yield Head(depth, word, self.paths.condition(path), names)
        first = one or other
        after = [scope.inner(end), scope.inner(end)]
        middle = self._end(first)
        after[0].ends = middle
        yield from self._written(first, after[0], depth + 1)
        rest = other if one else []
        if rest:
            only = rest[0]
            if isinstance(only, Block) and len(rest) == 1:
                yield from self._branches(only, after[1], depth, "elif")
            else:
                yield Head(depth, "else")
                yield from self._written(rest, after[1], depth + 1)
        for name in self.some[block]:
            if name in scope.made and any(i.made[name] == "value" for i in after):
                scope.made[name] = "value"

    def _end(self, items: Sequence[Item]) -> int:
        last = items[-1]
        return self.spans[last][1] if isinstance(last, Block) else self.place[last.number]  # fmt: skip

    def _single(self, block: Block, scope: _Scope) -> Piece | None:
        """Return the only line of a block as one outside of it, where it is better there: as a choice on one line."""
        begin, end = self.spans[block]
        piece, last = self.pieces[begin], self.pieces[end]
        name = piece.line.name
        if name != last.line.name or end > begin + 1:
            return None
        if end > begin:
            if piece.line.sign != last.line.sign:
                return None
            arms = [arm[0] if len(arm) == 1 else None for arm in block.arms]
            if [*reversed(arms)] != [piece, last]:
                return None
            value = self.tidy.make("where", block.condition, piece.value, last.value)
            return replace(piece, value=value, names={**last.names, **piece.names})
        live = self.last.get(name, -1) > end and name not in scope.made
        if piece.line.sign == "=" and live:
            asked = self.paths.condition(tuple(self._way(block)))
            value = self.tidy.make("where", asked, piece.value, piece.outside)
            return replace(piece, value=value)
        return None

    def _way(self, block: Block) -> Iterator[tuple[int, bool]]:
        """Yield the conditions on the way to the only line of a block."""
        item: Item = block
        while isinstance(item, Block):
            yield item.condition, bool(item.arms[True])
            item = (item.arms[True] or item.arms[False])[0]
