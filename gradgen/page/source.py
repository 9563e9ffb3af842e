"""A program and the text that it was made of in; which of its stages each line of that text makes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradgen.core.program import Program
from gradgen.page.flow import places


@dataclass(frozen=True)
class Said:
    """A line of the author's.

    Attributes:
        text: it.
        stages: the places of the stages that it makes.
    """

    text: str
    stages: tuple[int, ...] = ()


def said(program: Program, source: str) -> tuple[Said, ...]:
    """Return the lines of a source, each with the stages that are made first for what it gives a name."""
    lines = source.strip("\n").split("\n")
    named = {name: value for name, value, _ in program.given}
    named |= dict(program.outputs)
    ends: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        name, equals, _ = line.partition("=")
        if equals and name.strip() in named:
            ends.append((number, named[name.strip()]))
    last = next((i for i in reversed(range(len(lines))) if lines[i].strip()), 0)
    ends += [(last, value) for _, value in program.outputs]
    made = _made(program, ends)
    return tuple(Said(text, (*made.get(i, ()),)) for i, text in enumerate(lines))


def _made(
    program: Program, ends: Sequence[tuple[int, int]]
) -> Mapping[int, Sequence[int]]:
    """Return the places of the stages below values, by the lines of these; each stands by the first."""
    at = places(program)
    found: dict[int, list[int]] = {}
    seen = {*program.signature}
    for line, value in ends:
        todo = [value]
        while todo:
            here = todo.pop()
            if here in seen:
                continue
            seen.add(here)
            if here in at:
                found.setdefault(line, []).append(at[here])
            todo += program.steps[here].args
            todo += [test for test, _ in program.steps[here].guard]
    return {line: sorted(stages) for line, stages in found.items()}
