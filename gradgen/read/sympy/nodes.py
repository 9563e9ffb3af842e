"""A map from SymPy nodes to values, by the node itself and not by what it equals, and walks over them: none recurses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from typing import Any, TypeVar

import sympy as sp

V = TypeVar("V")


class ByNode(MutableMapping[sp.Basic, V]):
    """A map whose keys are the very nodes put in.

    It owns its keys: a node that were freed would leave its identity to the next one made, and so its value to a stranger.
    """

    def __init__(self) -> None:
        self._owned: dict[int, tuple[sp.Basic, V]] = {}

    def __getitem__(self, node: sp.Basic) -> V:
        return self._owned[id(node)][1]

    def __setitem__(self, node: sp.Basic, value: V) -> None:
        self._owned[id(node)] = (node, value)

    def __delitem__(self, node: sp.Basic) -> None:
        del self._owned[id(node)]

    def __contains__(self, node: object) -> bool:
        return id(node) in self._owned

    def find(self, node: sp.Basic) -> V | None:
        """Return the value of a node, None if it has none: in a third of the time of `get`, which raises and catches."""
        found = self._owned.get(id(node))
        return None if found is None else found[1]

    def of(self, nodes: Iterable[sp.Basic]) -> list[V]:
        """Return the values of nodes."""
        owned = self._owned
        return [owned[id(node)][1] for node in nodes]

    def without(self, nodes: Sequence[sp.Basic]) -> list[sp.Basic]:
        """Return those of some nodes that it does not hold."""
        owned = self._owned
        return [node for node in nodes if id(node) not in owned]

    def __iter__(self) -> Iterator[sp.Basic]:
        return (node for node, _ in self._owned.values())

    def __len__(self) -> int:
        return len(self._owned)


def operands_first(roots: Iterable[sp.Basic], done: ByNode[Any]) -> Iterator[sp.Basic]:
    """Yield the nodes below some roots that are not done, and these, each once and after its operands.

    Args:
        roots: the roots.
        done: what needs no visit. Whoever walks adds to it each node that is yielded.
    """
    owned = done._owned
    todo = [*roots]
    while todo:
        node = todo[-1]
        if id(node) in owned:
            todo.pop()
            continue
        missing = [arg for arg in node.args if id(arg) not in owned]
        if missing:
            todo += missing
            continue
        todo.pop()
        yield node


def below(roots: Iterable[sp.Basic]) -> Iterator[sp.Basic]:
    """Yield some roots and the nodes below them, each once."""
    # Which owns them: some nodes make their operands anew each time.
    seen = ByNode[None]()
    todo = [*roots]
    while todo:
        node = todo.pop()
        if node not in seen:
            seen[node] = None
            yield node
            todo += node.args
