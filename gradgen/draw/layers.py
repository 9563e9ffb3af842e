"""The wires of a circuit in; its nodes in layers from left to right, in an order in which few wires cross, out."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gradgen.draw.circuit import Wire

#: So often the layers are gone through in both directions.
_SWEEPS = 12


@dataclass(frozen=True)
class Layers:
    """The layers of a circuit.

    An item is a node, by its place, or a passage: where a wire passes a layer on its way to a later one. All wires from one node
    share their passages.

    Attributes:
        items: the items of each layer, from top to bottom.
        owners: the node that an item is, or from which the wire comes that passes there.
        links: for each item the items of the layer before it that it is linked to, in the order of its operands.
    """

    items: tuple[tuple[int, ...], ...]
    owners: Mapping[int, int]
    links: Mapping[int, tuple[int, ...]]


def layers(count: int, wires: Sequence[Wire]) -> Layers:
    """Return the layers of so many nodes, each behind all that it reads: the layered drawing of K. Sugiyama, S. Tagawa and M. Toda, 1981."""
    depth = [0] * count
    for wire in wires:  # by the nodes that they go to, in order
        depth[wire.into] = max(depth[wire.into], depth[wire.source] + 1)
    far = [*depth]
    for wire in wires:
        far[wire.source] = max(far[wire.source], depth[wire.into] - 1)
    owners = {node: node for node in range(count)}
    found: list[list[int]] = [[] for _ in range(max(depth, default=0) + 1)]
    links: dict[int, tuple[int, ...]] = {}
    passing: dict[tuple[int, int], int] = {}
    for node in range(count):
        before = node
        passing[node, depth[node]] = node
        found[depth[node]].append(node)
        for layer in range(depth[node] + 1, far[node] + 1):
            item = len(owners)
            owners[item] = node
            passing[node, layer] = item
            links[item] = (before,)
            found[layer].append(item)
            before = item
    for wire in wires:
        link = passing[wire.source, depth[wire.into] - 1]
        links[wire.into] = (*links.get(wire.into, ()), link)
    return Layers(_untangled(found, links), owners, links)


def _untangled(
    rows: Sequence[Sequence[int]], links: Mapping[int, tuple[int, ...]]
) -> tuple[tuple[int, ...], ...]:
    """Return layers in the order with the fewest crossings that going by the middle of each item's neighbours finds."""
    readers: dict[int, list[int]] = {}
    for item, sources in links.items():
        for source in sources:
            readers.setdefault(source, []).append(item)
    best = [list(row) for row in rows]
    fewest = _crossings(best, links)
    order = [list(row) for row in rows]
    for sweep in range(2 * _SWEEPS):
        if not fewest:
            break
        ahead = sweep % 2 == 0
        near: Mapping[int, Sequence[int]] = links if ahead else readers
        places = range(1, len(order)) if ahead else range(len(order) - 2, -1, -1)
        for layer in places:
            beside = order[layer - 1 if ahead else layer + 1]
            at = {item: place for place, item in enumerate(beside)}
            own = {item: place for place, item in enumerate(order[layer])}

            def middle(item: int) -> tuple[float, int]:
                known = [at[n] for n in near.get(item, ())]  # noqa: B023
                mean = sum(known) / len(known) if known else own[item]  # noqa: B023
                return mean, own[item]  # noqa: B023

            order[layer].sort(key=middle)
        crossings = _crossings(order, links)
        if crossings < fewest:
            fewest, best = crossings, [list(row) for row in order]
    return tuple(tuple(row) for row in best)


def _crossings(
    rows: Sequence[Sequence[int]], links: Mapping[int, tuple[int, ...]]
) -> int:
    """Return how many pairs of wires cross."""
    return sum(_between(one, other, links) for one, other in pairwise(rows))


def _between(
    one: Sequence[int], other: Sequence[int], links: Mapping[int, tuple[int, ...]]
) -> int:
    at = {item: place for place, item in enumerate(one)}

    def ends() -> Iterator[int]:
        for item in other:
            yield from (at[source] for source in links.get(item, ()))

    # Wires by where they end: those cross that begin below one that ends below.
    seen: list[int] = []
    found = 0
    for end in ends():
        found += len(seen) - bisect_right(seen, end)
        insort(seen, end)
    return found
