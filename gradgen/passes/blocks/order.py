"""Lines with their branches in; the same in blocks out: as few of them as may be, and else in the order of the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeAlias

from gradgen.core.program import Line
from gradgen.passes.blocks.paths import Path


@dataclass(frozen=True, eq=False)
class Piece:
    """A line, or one arm of it, as it stands in its branch.

    Attributes:
        number: its place among the pieces.
        line: the line.
        value: what it says in its branch.
        path: the branch.
        outside: what its name stands for outside of it; None where it is not read there.
        names: what is called how in it and in the conditions of its branch.
        reads: the names that it reads.
    """

    number: int
    line: Line
    value: int
    path: Path
    outside: int
    names: Mapping[int, str]
    reads: Sequence[str]


@dataclass(eq=False)
class Block:
    """What stands in the branches of one condition.

    Attributes:
        condition: the condition.
        names: what is called how in it.
        arms: what stands there where it does not hold, and where it does.
    """

    condition: int
    names: Mapping[int, str]
    arms: tuple[list[Item], list[Item]] = field(default_factory=lambda: ([], []))


Item: TypeAlias = "Piece | Block"


class _Cluster:
    """All pieces that have a condition in their branches, at the same place of these.

    Attributes:
        arm: in which arm of the cluster around it stands.
        first: the number of its first piece.
        ready: how many of its pieces have nothing to wait for.
        waits: how many others its pieces wait for.
    """

    def __init__(self, around: _Cluster | None, part: tuple[int, bool], first: int) -> None:  # fmt: skip
        self.around = around
        self.condition, self.arm = part
        self.first = first
        self.ready = self.waits = 0
        self.pieces: list[int] = []
        #: The clusters in it that have pieces which are ready: those that wait for nothing else, and all.
        self.whole: list[tuple[int, _Cluster]] = []
        self.begun: list[tuple[int, _Cluster]] = []

    def __lt__(self, other: _Cluster) -> bool:
        return self.first < other.first

    def offer(self) -> None:
        """Note in the cluster around that this one has pieces which are ready."""
        if self.around is not None:
            if not self.waits:
                heappush(self.around.whole, (self.first, self))
            heappush(self.around.begun, (self.first, self))

    def next_whole(self) -> _Cluster | None:
        while self.whole and not (self.whole[0][1].ready and not self.whole[0][1].waits):  # fmt: skip
            heappop(self.whole)
        return self.whole[0][1] if self.whole else None

    def next_begun(self) -> _Cluster:
        while not self.begun[0][1].ready:
            heappop(self.begun)
        return self.begun[0][1]


class Order:
    """Puts pieces into blocks."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.root = _Cluster(None, (-1, True), 0)
        self.chains: list[list[_Cluster]] = []
        self._gather()
        self.followers: list[list[int]] = [[] for _ in pieces]
        self.missing = [0] * len(pieces)
        self._wait()

    def run(self) -> list[Item]:
        """Return the pieces in blocks."""
        if not self.pieces:
            return []
        for number, missing in enumerate(self.missing):
            if not missing:
                self._is_ready(number)
        return self._opened(self.root, {}).arms[True]

    def _gather(self) -> None:
        found: dict[tuple[Path, int], _Cluster] = {}
        for piece in self.pieces:
            chain, arm = [self.root], True
            for depth, (condition, wanted) in enumerate(piece.path):
                key = piece.path[:depth], condition
                if key not in found:
                    found[key] = _Cluster(chain[-1], (condition, arm), piece.number)
                chain.append(found[key])
                arm = wanted
            self.chains.append(chain)

    def _wait(self) -> None:
        """Note which pieces wait for which: a name is read behind what it stands for, and given anew behind what reads it."""
        written: dict[str, int] = {}
        readers: dict[str, list[int]] = {}
        for piece in self.pieces:
            name, number = piece.line.name, piece.number
            before = {written[read] for read in piece.reads if read in written}
            before |= {*readers.pop(name, ()), written.get(name, number)} - {number}
            for other in sorted(before):
                self._waits(number, other, 1)
                self.followers[other].append(number)
            self.missing[number] = len(before)
            for read in piece.reads:
                if read != name:
                    readers.setdefault(read, []).append(number)
            written[name] = number

    def _waits(self, number: int, other: int, change: int) -> None:
        chain, around = self.chains[number], self.chains[other]
        for depth, cluster in enumerate(chain):
            if depth >= len(around) or around[depth] is not cluster:
                cluster.waits += change
                if not cluster.waits and cluster.ready:
                    cluster.offer()

    def _is_ready(self, number: int) -> None:
        chain = self.chains[number]
        heappush(chain[-1].pieces, number)
        for cluster in reversed(chain):
            cluster.ready += 1
            if cluster.ready == 1:
                cluster.offer()

    def _emit(self, number: int) -> None:
        for cluster in self.chains[number]:
            cluster.ready -= 1
        for follower in self.followers[number]:
            self._waits(follower, number, -1)
            self.missing[follower] -= 1
            if not self.missing[follower]:
                self._is_ready(follower)

    def _opened(self, cluster: _Cluster, names: Mapping[int, str]) -> Block:
        """Return a block of all pieces of a cluster that can come now. The recursion is as deep as blocks are."""
        block = Block(cluster.condition, names)
        while cluster.ready:
            inner = cluster.next_whole()
            own = cluster.pieces[0] if cluster.pieces else None
            if own is not None and (inner is None or own < inner.first):
                piece = self.pieces[own]
                heappop(cluster.pieces)
                self._emit(own)
                block.arms[piece.path[-1][1] if piece.path else True].append(piece)
                continue
            inner = inner or cluster.next_begun()
            block.arms[inner.arm].append(self._opened(inner, {}))
        if not names:
            block.names = _first(block).names
        return block


def _first(item: Item) -> Piece:
    """Return a piece of a block."""
    while isinstance(item, Block):
        item = (item.arms[1] or item.arms[0])[0]
    return item
