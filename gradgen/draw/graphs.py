"""A circuit in; the same as a graph for Graphviz, or for Mermaid, out: those place it themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradgen.draw.circuit import Circuit, Node
from gradgen.draw.place import shown
from gradgen.draw.svg import escaped

#: Of values and of gradients, on light grounds and on dark ones.
_GREEN, _RED = "#1a7f37", "#d1382f"


def dot(circuit: Circuit) -> str:
    """Return a circuit as a graph in Graphviz's language."""
    return "\n".join(_dot(circuit)) + "\n"


def mermaid(circuit: Circuit) -> str:
    """Return a circuit as a flowchart in Mermaid's language."""
    return "\n".join(_mermaid(circuit)) + "\n"


def _dot(circuit: Circuit) -> Iterator[str]:
    yield "digraph circuit {"
    yield "    rankdir=LR;"
    yield '    node [shape=box, style=rounded, fontname="monospace"];'
    yield '    edge [fontname="monospace"];'
    for place, node in enumerate(circuit.nodes):
        kinds = ["rounded", *["dashed"] * (not node.taken), *["bold"] * node.is_result]
        tooltip = _quoted(node.name if node.is_input else f"{node.name} = {node.formula}")  # fmt: skip
        told = _told(node, escaped, '<font color="{}">{}</font>'.format)
        yield f'    n{place} [label=<{told}>, style="{",".join(kinds)}", tooltip={tooltip}];'
    for wire in circuit.wires:
        yield f"    n{wire.source} -> n{wire.into}{'' if wire.taken else ' [style=dashed]'};"
    yield "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _told(
    node: Node, word: Callable[[str], str], coloured: Callable[[str, str], str]
) -> str:
    """Return what stands in a node: its name, what it does, and its numbers, each in a line.

    Args:
        node: the node.
        word: how a text stands there.
        coloured: how a number stands there, by its colour and its text.
    """
    lines = [f"<b>{word(node.name)}</b>"]
    if not node.is_input:
        lines.append(word(node.label))
    for color, number in ((_GREEN, node.value), (_RED, node.gradient)):
        if number is not None:
            lines.append(coloured(color, shown(number)))
    if node.share is not None:
        lines.append(f"{node.share:.0%}")
    return "<br/>".join(lines)


def _mermaid(circuit: Circuit) -> Iterator[str]:
    yield "flowchart LR"
    for place, node in enumerate(circuit.nodes):
        told = _told(node, _literal, "<span style='color:{}'>{}</span>".format)
        yield f'    n{place}["{told}"]'
    for wire in circuit.wires:
        yield f"    n{wire.source} {'-->' if wire.taken else '-.->'} n{wire.into}"
    left = ",".join(f"n{n}" for n, node in enumerate(circuit.nodes) if not node.taken)
    if left:
        yield "    classDef left stroke-dasharray:5 4,opacity:0.45"
        yield f"    class {left} left"


def _literal(text: str) -> str:
    """Return a text as Mermaid shows it, whatever signs of its own and of HTML are in it."""
    return "".join(c if c.isalnum() or c in " _." else f"#{ord(c)};" for c in text)
