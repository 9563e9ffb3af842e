"""A circuit and its layers in; where each node, text and wire stands, in pixels, out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gradgen.draw.circuit import Circuit, Node
from gradgen.draw.layers import Layers, layers

#: The size of the letters, which are all of one width, and that width.
SIZE, LETTER = 13, 8
#: Around the picture; inside a node; beside a text on a wire.
_MARGIN, _PADDING, _BESIDE = 16, 9, 7
#: The height of a node with up to two operands, and of each more; the room for the texts above and below a wire.
_HEIGHT, _PORT, _TEXTS = 30, 13, 21
#: Between two items of a layer, and what a passing wire takes.
_BETWEEN, _PASSAGE = 10, 7
#: Between two layers: at least so much, at most so much.
_NARROW, _WIDE = 44, 150
#: More of a formula does not stand in a node.
_LONGEST = 30
_SWEEPS = 40
#: A passing wire is kept straight rather than a node in its middle.
_STRAIGHT = 4.0


@dataclass(frozen=True)
class Box:
    """A node in its place.

    Attributes:
        node: the node.
        label: what stands in it.
        above, below: what stands on its wire: name and value, gradient and share.
        left, top, width, height: its place.
        end: how far its wire goes to the right, at the height of its middle.
    """

    node: Node
    label: str
    above: tuple[str, str]
    below: tuple[str, str]
    left: float
    top: float
    width: float
    height: float
    end: float

    @property
    def middle(self) -> float:
        """The height of its wire."""
        return self.top + self.height / 2


@dataclass(frozen=True)
class Line:
    """A part of a wire: straight past a layer, or a curve from one layer to the next.

    Attributes:
        start, stop: its ends.
        taken: whether what it carries is read at the point.
    """

    start: tuple[float, float]
    stop: tuple[float, float]
    taken: bool


@dataclass(frozen=True)
class Drawing:
    """A circuit in its place.

    Attributes:
        circuit: the circuit.
        boxes: its nodes.
        lines: its wires, part by part.
        width, height: the size of the picture.
    """

    circuit: Circuit
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def shown(value: float | bool | None) -> str:
    """Return a value as it stands on a wire."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def wide(text: str) -> int:
    """Return how wide a text is."""
    return LETTER * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)  # fmt: skip


def fitted(text: str, room: float) -> str:
    """Return a text, or as much of its beginning as there is room for."""
    if wide(text) <= room:
        return text
    kept = 0
    while wide(text[: kept + 1] + "\N{HORIZONTAL ELLIPSIS}") <= room:
        kept += 1
    return text[:kept] + "\N{HORIZONTAL ELLIPSIS}"


def _short(text: str) -> str:
    return fitted(text, _LONGEST * LETTER)


def _texts(node: Node) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what stands above and below a node's wire."""
    name = "" if node.is_input else node.name
    share = "" if node.share is None else f"{node.share:.0%}"
    return (name, shown(node.value)), (shown(node.gradient), share)


def _length(texts: tuple[str, str]) -> int:
    return wide(" ".join(filter(None, texts)))


def place(circuit: Circuit) -> Drawing:
    """Return a circuit in its place: wires pass between nodes, and texts stand where nothing passes."""
    found = layers(len(circuit.nodes), circuit.wires)
    count = len(circuit.nodes)
    ports = [0] * count
    for wire in circuit.wires:
        ports[wire.into] += 1
    texts = [_texts(node) for node in circuit.nodes]
    labels = [_short(node.label) for node in circuit.nodes]
    widths = [max(_HEIGHT, wide(label) + 2 * _PADDING) for label in labels]
    heights = [_HEIGHT + _PORT * max(0, number - 2) for number in ports]
    halves = {
        item: max(_TEXTS, heights[item] / 2) if item < count else _PASSAGE
        for item in found.owners
    }
    middles = _middles(found, halves, count, ports)
    top = min(middles[i] - halves[i] for i in found.owners) - _MARGIN
    middles = {item: round(y - top, 1) for item, y in middles.items()}
    x: float = _MARGIN
    lefts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for number, row in enumerate(found.items):
        if number:
            tall = max(abs(middles[i] - middles[s]) for i in row for s in found.links.get(i, ())) if any(i in found.links for i in row) else 0.0  # fmt: skip
            x += min(_WIDE, max(_NARROW, round(0.3 * tall)))
        room = max(
            (widths[i] + 2 * _BESIDE + max(map(_length, texts[i])) for i in row if i < count),
            default=0,
        )  # fmt: skip
        for item in row:
            lefts[item], ends[item] = x, x + room
        x += room
    boxes = tuple(
        Box(node, labels[n], *texts[n], lefts[n], middles[n] - heights[n] / 2, widths[n], heights[n], ends[n])
        for n, node in enumerate(circuit.nodes)
    )  # fmt: skip
    lines = _lines(circuit, found, middles, lefts, ends)
    height = max(middles[i] + halves[i] for i in found.owners) + _MARGIN
    return Drawing(circuit, boxes, lines, x + _MARGIN, height)


def port(middle: float, number: int, count: int) -> float:
    """Return the height at which an operand comes into a node."""
    return middle + _PORT * (number - (count - 1) / 2)


def _lines(
    circuit: Circuit,
    found: Layers,
    middles: Mapping[int, float],
    lefts: Mapping[int, float],
    ends: Mapping[int, float],
) -> tuple[Line, ...]:
    """Return the parts of wires: one that several share is taken if one of them is."""
    count = len(circuit.nodes)
    taken: dict[int, bool] = {}
    reads: dict[int, list[bool]] = {}
    for wire in circuit.wires:
        reads.setdefault(wire.into, []).append(wire.taken)
    lines: list[Line] = []
    for row in reversed(found.items):
        for item in row:
            links = found.links.get(item, ())
            read = reads.get(item, []) if item < count else [taken[item]]
            for number, (source, live) in enumerate(zip(links, read)):
                y = port(middles[item], number, len(links))
                lines.append(
                    Line((ends[source], middles[source]), (lefts[item], y), live)
                )
                taken[source] = taken.get(source, False) or live
            if item >= count:
                y = middles[item]
                lines.append(Line((lefts[item], y), (ends[item], y), taken[item]))
    return tuple(reversed(lines))


def _middles(
    found: Layers, halves: Mapping[int, float], count: int, ports: Sequence[int]
) -> dict[int, float]:
    """Return the height of each item: near the middle of what it is linked to, and none over another."""
    middles: dict[int, float] = {}
    for row in found.items:
        y = 0.0
        for item in row:
            middles[item] = y + halves[item]
            y += 2 * halves[item] + _BETWEEN
        for item in row:
            middles[item] -= y / 2
    readers: dict[int, list[tuple[int, float]]] = {}
    sources: dict[int, list[tuple[int, float]]] = {}
    for item, links in found.links.items():
        for number, source in enumerate(links):
            shift = port(0.0, number, len(links))
            readers.setdefault(source, []).append((item, shift))
            sources.setdefault(item, []).append((source, -shift))
    for sweep in range(_SWEEPS):
        rows = found.items if sweep % 2 == 0 else found.items[::-1]
        for row in rows:
            wanted, weights = [], []
            for item in row:
                near = [*sources.get(item, ()), *readers.get(item, ())]
                ys = [middles[other] + shift for other, shift in near]
                wanted.append(sum(ys) / len(ys) if ys else middles[item])
                weights.append(1.0 if item < count else _STRAIGHT)
            gaps = [halves[a] + halves[b] + _BETWEEN for a, b in pairwise(row)]
            middles.update(zip(row, apart(wanted, weights, gaps)))
    return middles


def apart(
    wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]
) -> list[float]:
    """Return heights nearest to those wanted, each at least a gap below the one before: the pool-adjacent-violators algorithm.

    Args:
        wanted: the heights, in order.
        weights: how much each counts.
        gaps: the least distance of each from the one before, from the second on.
    """
    shifts = [0.0]
    for gap in gaps:
        shifts.append(shifts[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for height, weight, shift in zip(wanted, weights, shifts):
        mean, number = height - shift, 1
        while pools and pools[-1][0] > mean:
            before, heavy, many = pools.pop()
            mean = (before * heavy + mean * weight) / (heavy + weight)
            weight, number = heavy + weight, number + many
        pools.append((mean, weight, number))
    means = [mean for mean, _, number in pools for _ in range(number)]
    return [mean + shift for mean, shift in zip(means, shifts)]
