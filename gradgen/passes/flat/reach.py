"""Values of a program in; those that they are made of, and those from which a gradient flows to them, out."""

from __future__ import annotations

from collections.abc import Iterable

from gradgen.core.program import Program


def below(program: Program, values: Iterable[int]) -> list[int]:
    """Return the lines among values and among all that they are made of, in order."""
    found = {*values}
    for value in reversed(program.lines):
        if value in found:
            found.update(program.steps[value].args)
    return [*filter(found.__contains__, program.lines)]


def above(program: Program, values: Iterable[int]) -> set[int]:
    """Return values, and all from which a gradient flows to them."""
    found = {*values}
    for way in reversed(program.ways):
        if way.into in found:
            found.add(way.source)
    return found
