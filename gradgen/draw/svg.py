"""A circuit in its place in; the picture as SVG, on light and dark grounds, out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradgen.draw.circuit import Circuit, Node
from gradgen.draw.place import SIZE, Box, Drawing, Line, place, shown

#: How the parts of a circuit look.
STYLE = f"""\
.circuit .ground {{ fill: #ffffff }}
.circuit text {{ font: {SIZE}px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }}
.circuit .node {{ fill: #f3f4f6; stroke: #57606a }}
.circuit .input .node {{ fill: #e3edfb; stroke: #3566a8 }}
.circuit .result .node {{ stroke-width: 2.4 }}
.circuit .wire {{ fill: none; stroke: #6e7781; stroke-width: 1.3 }}
.circuit .left {{ opacity: 0.45 }}
.circuit .left .node, .circuit .wire.left {{ stroke-dasharray: 5 4 }}
.circuit .value {{ fill: #116329 }}
.circuit .gradient {{ fill: #b3261e }}
.circuit .share {{ fill: #7a4b00 }}
@media (prefers-color-scheme: dark) {{
  .circuit .ground {{ fill: #0d1117 }}
  .circuit text {{ fill: #e6edf3 }}
  .circuit .node {{ fill: #1c2129; stroke: #8b949e }}
  .circuit .input .node {{ fill: #14243d; stroke: #79a7e8 }}
  .circuit .wire {{ stroke: #8b949e }}
  .circuit .value {{ fill: #56d364 }}
  .circuit .gradient {{ fill: #ff8a80 }}
  .circuit .share {{ fill: #e3b341 }}
}}"""


def svg(circuit: Circuit) -> str:
    """Return a circuit as the text of an SVG file."""
    drawing = place(circuit)
    wires, boxes = map(_line, drawing.lines), map(_box, drawing.boxes)
    about = (f"<desc>{escaped(said(circuit))}</desc>", f"<style>\n{STYLE}\n</style>")
    return "\n".join(_parts(drawing, about, wires, boxes)) + "\n"


def within(drawing: Drawing) -> str:
    """Return a drawing as a part of a page that has its style and says in words what it shows: each node has its place as `data-s`."""
    boxes = (_box(box, place) for place, box in enumerate(drawing.boxes))
    wires = "".join(map(_way, drawing.lines))
    return "\n".join(_parts(drawing, (), (f'<path class="wire" d="{wires}"/>',), boxes))


def escaped(text: str) -> str:
    """Return a text as it stands in XML, in an attribute as well; what XML has no sign for is a question mark."""
    text = "".join(c if c in "\n\t" or c.isprintable() else "?" for c in text)
    for sign, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(sign, f"&{name};")
    return text


def said(circuit: Circuit) -> str:
    """Return a circuit in words, for those who cannot see it."""
    return "; ".join(
        f"{node.name}{'' if node.is_input else ' = ' + node.formula}{_numbers(node)}"
        for node in circuit.nodes
    )


def _numbers(node: Node) -> str:
    """Return a node's numbers in words."""
    if not node.taken:
        return " (not taken)"
    parts = []
    if node.value is not None:
        parts.append(f"value {shown(node.value)}")
    if node.gradient is not None:
        parts.append(f"gradient {shown(node.gradient)}")
    if node.share is not None:
        parts.append(f"{node.share:.0%} of the rounding error")
    return f" ({', '.join(parts)})" if parts else ""


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _parts(
    drawing: Drawing,
    about: Iterable[str],
    wires: Iterable[str],
    boxes: Iterable[Iterable[str]],
) -> Iterator[str]:
    width, height = _number(drawing.width), _number(drawing.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" class="circuit">'
    )
    yield f"<title>{escaped(_title(drawing.circuit))}</title>"
    yield from about
    yield f'<rect class="ground" width="{width}" height="{height}"/>'
    yield from wires
    for box in boxes:
        yield from box
    yield "</svg>"


def _title(circuit: Circuit) -> str:
    point = ", ".join(f"{name}={shown(x)}" for name, x in circuit.at)
    return f"Circuit of {circuit.title}{' at ' + point if point else ''}"


def _line(line: Line) -> str:
    kind = "wire" if line.taken else "wire left"
    return f'<path class="{kind}" d="{_way(line)}"/>'


def _way(line: Line) -> str:
    (x, y), (end, level) = line.start, line.stop
    middle = _number((x + end) / 2)
    way = f"H{_number(end)}" if y == level else f"C{middle} {_number(y)} {middle} {_number(level)} {_number(end)} {_number(level)}"  # fmt: skip
    return f"M{_number(x)} {_number(y)}{way}"


def _box(box: Box, place: int | None = None) -> Iterator[str]:
    """Yield a node, with its place, or what it says in words."""
    node = box.node
    kinds = [
        kind
        for kind, holds in (
            ("input", node.is_input),
            ("result", node.is_result),
            ("left", not node.taken),
        )
        if holds
    ]
    right, y = box.left + box.width, box.middle
    at = "" if place is None else f' data-s="{place}"'
    yield f'<g class="{" ".join(["stage" if not node.is_input else "", *kinds]).strip()}"{at}>'
    if place is None:
        about = node.name if node.is_input else f"{node.name} = {node.formula}"
        about += f"  # {node.comment}" if node.comment else ""
        yield f"<title>{escaped(about + _numbers(node))}</title>"
    yield f'<path class="wire" d="M{_number(right)} {_number(y)}H{_number(box.end)}"/>'
    yield (
        f'<rect class="node" x="{_number(box.left)}" y="{_number(box.top)}" width="{_number(box.width)}" '
        f'height="{_number(box.height)}" rx="6"/>'
    )
    middle = _number(box.left + box.width / 2)
    yield f'<text x="{middle}" y="{_number(y + 4.5)}" text-anchor="middle">{escaped(box.label)}</text>'
    for texts, kinds_, level in (
        (box.above, ("name", "value"), y - 6),
        (box.below, ("gradient", "share"), y + 16),
    ):
        spans = " ".join(
            f'<tspan class="{kind}">{escaped(text)}</tspan>'
            for text, kind in zip(texts, kinds_)
            if text
        )
        if spans:
            yield f'<text x="{_number(right + 7)}" y="{_number(level)}">{spans}</text>'
    yield "</g>"
