"""A program, and what its values have become in other steps, in; the same program in these steps out."""

from __future__ import annotations

from collections.abc import Mapping

from gradgen.core.build import Steps, finish
from gradgen.core.program import Program


def finish_from(before: Program, steps: Steps, moved: Mapping[int, int]) -> Program:
    """Return the program `before` in these steps, where its values have become `moved`."""
    outputs: dict[str, int] = {}
    taken: set[int] = set()
    for name, value in before.outputs:
        outputs[name] = steps.result(moved[value], taken)
    given: dict[int, tuple[str, int, str]] = {}
    for text, value, note in before.given:
        at = moved.get(value)
        if at is not None and not steps.is_constant(at) and steps[at].op != "input":
            given.setdefault(at, (text, at, note))
    active = {
        moved[value]: tuple(tuple((moved[c], w) for c, w in guard) for guard in guards)
        for value, guards in before.active.items()
    }
    tested = {moved[value] for value in before.tested}
    wrt = (moved[value] for value in before.wrt)
    return finish(steps, outputs, wrt, given.values(), active, tested)
