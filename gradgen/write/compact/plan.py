"""A named program in; which of its values have lines out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradgen.core.build import steps_of
from gradgen.core.program import Line, Program
from gradgen.passes.constants import held
from gradgen.passes.functions import backward, forward
from gradgen.write.compact.fuse import Compact
from gradgen.write.kinds import Kinds
from gradgen.write.spell import Speller
from gradgen.write.target import Target


@dataclass(frozen=True)
class Plan:
    """Which values of a program have lines.

    Attributes:
        program: the program; its gradient goes through each value after the one in whose line that stands.
        names: the values that have lines, and the inputs, with their names.
        kinds: what spells lines over the program's steps, to which those of lines are added.
        ahead: the forward lines, if they are others than those of the program.
        inside: by value without a line, the value of a line that it stands in, or of one that stands in a line.
    """

    program: Program
    names: Mapping[int, str]
    kinds: Kinds
    ahead: Sequence[Line] | None = None
    inside: Mapping[int, int] = field(default_factory=dict)

    def holder(self, value: int) -> int:
        """Return the value in whose line a value stands."""
        while value in self.inside:
            value = self.inside[value]
        return value


def kept_names(program: Program) -> frozenset[str]:
    """Return the names of what the author named, and of its gradients."""
    given = {value for _, value, _ in program.given}
    given |= {value for _, value in program.outputs}
    names = {program.names[value] for value in given}
    return frozenset(names | {program.adjoints[value] for value in given})


def plan(program: Program, target: Target) -> Plan:
    """Return which values of a program have lines, in a target's style."""
    steps = steps_of(program)
    kinds = Kinds(Speller(steps, target.language))
    if not target.compact:
        return Plan(program, program.names, kinds)
    chain = target.chain(program, steps, held(program))
    compact = Compact(chain, kinds)
    upstream, back = backward(program, chain)
    read = compact.count(back, {**program.names, **upstream})
    inputs = {value: program.names[value] for value in program.signature}
    fused = compact.fuse(forward(program, chain), inputs, kept_names(program), read)
    inside = fused.inside
    names = {v: name for v, name in program.names.items() if v not in inside}
    found = Plan(program, names, kinds, fused.lines, inside)
    ways = sorted(program.ways, key=lambda w: (-found.holder(w.source), -w.source))
    return replace(found, program=replace(program, ways=tuple(ways)))


def in_order(program: Program, target: Target) -> Program:
    """Return a program whose gradient goes in the order of compact lines, also for a target that has no others."""
    if target.compact:  # then it does so already
        return program
    return plan(program, replace(target, compact=True)).program
