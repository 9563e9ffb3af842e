"""A named program in; which of its values have lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradgen.core.build import Steps, steps_of
from gradgen.core.program import Line, Program, Way
from gradgen.passes.constants import held
from gradgen.passes.facts import Rowwise
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


def _past_exponentials(program: Program) -> Iterator[Way]:
    """Yield the ways of a gradient that goes from a product straight to the exponent in it: d(a*exp(u)) is a*exp(u) du."""
    uses = Counter(arg for step in program.steps for arg in step.args)
    kept = {value for _, value, _ in program.given}
    kept |= {value for _, value in program.outputs}
    ways = {way: way._replace(source=0, place=0, into=0) for way in program.ways}
    plain = [way for way, rest in ways.items() if rest == Way(0, 0, 0)]
    ahead = {way.source: way.into for way in plain if program.steps[way.source].op == "exp"}  # fmt: skip
    passed = {
        way.into: way
        for way in plain
        if way.into in ahead and uses[way.into] == 1 and way.into not in kept
        if program.steps[way.source].op == "mul"
    }
    for way in program.ways:
        if passed.get(way.into) == way:
            yield Way(way.source, 0, ahead[way.into], below=(way.into,))
        elif way.source not in passed:
            yield way


def in_loops(program: Program, target: Target, steps: Steps) -> Rowwise | None:
    """Return which values each row of data has its own of, where lines stand in loops over rows; else nothing."""
    if not (target.rows and (target.lists or target.sums or target.whole)):
        return None
    signature = program.signature.items()
    return Rowwise(steps, {v for v, name in signature if name in target.rows})


def plan(program: Program, target: Target) -> Plan:
    """Return which values of a program have lines, in a target's style."""
    steps = steps_of(program)
    kinds = Kinds(Speller(steps, target.language))
    if not target.compact:
        return Plan(program, program.names, kinds)
    program = replace(program, ways=(*_past_exponentials(program),))
    chain = target.chain(program, steps, held(program))
    compact = Compact(chain, kinds, in_loops(program, target, steps))
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
