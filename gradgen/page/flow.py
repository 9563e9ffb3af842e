"""A named program in; each of its lines forward and backward, as the page shows it, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradgen.core.program import Program, Way
from gradgen.passes.settle import Settled
from gradgen.write.languages.formula import FORMULA
from gradgen.write.spell import Speller
from gradgen.write.words.values import Words


@dataclass(frozen=True)
class Stage:
    """An input, or a forward line.

    Attributes:
        name: its name.
        adjoint: the name of its gradient.
        text: what it says, with its branch; empty for an input.
        note: what the author says of it.
        is_input: whether it is an input.
        is_result: whether it is a result.
        moves: whether there is a gradient of the results by it.
        guard: the conditions that it is evaluated under: the place of each, and what it must be.
    """

    name: str
    adjoint: str
    text: str
    note: str
    is_input: bool
    is_result: bool
    moves: bool
    guard: tuple[tuple[int, bool], ...]


@dataclass(frozen=True)
class Brought:
    """A backward line: what the gradient of a stage brings to that of what the stage reads.

    Attributes:
        source: the place of the stage whose gradient comes in, and whose line this one answers.
        into: the place of what it goes to.
        adds: whether something was brought there before.
        rule: the local derivative, as a formula.
    """

    source: int
    into: int
    adds: bool
    rule: str


def places(program: Program) -> dict[int, int]:
    """Return the place of each input and stage among them all."""
    return {value: place for place, value in enumerate(program.names)}


def stages(program: Program) -> tuple[Stage, ...]:
    """Return the inputs and the forward lines, in order."""
    at = places(program)
    words = Words(program)
    notes = {value: note for _, value, note in program.given}
    ends = {value for _, value in program.outputs}
    moved = {*ends, *program.wrt, *(way.into for way in program.ways)}
    found = []
    for value, name in program.names.items():
        is_input = value in program.signature
        guard = program.steps[value].guard
        found.append(
            Stage(
                name,
                program.adjoints[value],
                "" if is_input else words.stage(value),
                notes.get(value, ""),
                is_input,
                value in ends,
                value in moved,
                tuple((at[test], holds) for test, holds in guard if test in at),
            )
        )
    return tuple(found)


def locals_of(chain: Settled, ways: Sequence[Way]) -> list[int]:
    """Return the local derivative along each way, in a chain rule's steps: what is brought where 1 comes in."""
    one = chain.steps.const(1)
    each = chain.each()
    return [each.partial(way, one) for way in ways]


def backward(program: Program, chain: Settled) -> tuple[Brought, ...]:
    """Return the backward lines, in order."""
    at = places(program)
    speller = Speller(chain.steps, FORMULA)
    received = {value for _, value in program.outputs}
    found = []
    for way, value in zip(program.ways, locals_of(chain, program.ways)):
        rule = program.names.get(value) or speller.text(value, program.names)
        into, source = at[way.into], at[way.source]
        found.append(Brought(source, into, way.into in received, rule))
        received.add(way.into)
    return tuple(found)
