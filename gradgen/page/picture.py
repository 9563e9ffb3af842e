"""A compiled formula and what its lines come to in; its circuit, with room for other numbers, as a part of a page out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradgen.draw.circuit import circuit
from gradgen.draw.place import Box, place, shown
from gradgen.draw.svg import within
from gradgen.page.flow import Stage
from gradgen.page.values import Values

if TYPE_CHECKING:
    from gradgen.compiled import Compiled

#: No number on a wire is wider.
_WIDE = -1.234e-100
#: What stands for the value of a stage that is not evaluated.
LEFT = "\N{EN DASH}"


@dataclass(frozen=True)
class Picture:
    """A circuit as a part of a page.

    Attributes:
        text: it.
        width: how wide it is.
    """

    text: str
    width: float


def picture(compiled: Compiled, stages: Sequence[Stage], values: Values) -> Picture:
    """Return the circuit of a formula, with the numbers at a point.

    Raises:
        GradgenError: there are too many stages.
    """
    found = circuit(compiled)
    taken = are_taken(stages, values)
    nodes = tuple(
        replace(node, value=_WIDE, gradient=_WIDE if stage.moves else None, taken=live)
        for node, stage, live in zip(found.nodes, stages, taken)
    )
    drawing = place(replace(found, nodes=nodes))
    boxes = map(_numbered, drawing.boxes, stages, values.values, values.slopes, taken)
    return Picture(within(replace(drawing, boxes=tuple(boxes))), drawing.width)


def are_taken(stages: Sequence[Stage], values: Values) -> tuple[bool, ...]:
    """Return which stages stand in no branch that is not taken."""
    found = values.values
    return tuple(
        all(bool(found[test]) == holds for test, holds in stage.guard)
        for stage in stages
    )


def _numbered(
    box: Box, stage: Stage, value: float | bool, slope: float, taken: bool
) -> Box:
    name, _ = box.above
    texts = (shown(value), shown(slope)) if taken else (LEFT, LEFT)
    above = (name, texts[0])
    return replace(box, above=above, below=(texts[1] if stage.moves else "", ""))
