"""The program that every pass reads and returns: values as steps, and the functions that lines of them make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from gradgen.core.rows import Number, Row

#: The branch that a step belongs to: conditions by value, each with the truth value that it must have.
Guard: TypeAlias = "tuple[tuple[int, bool], ...]"


#: The result's name unless the user gives one; it alone yields to an input of the same name.
DEFAULT_NAME = "f"


class ProgramError(AssertionError):
    """A program that breaks its own rules: a bug in gradgen, never the user's fault."""


class Step(NamedTuple):
    """One operation on earlier values. Inputs and constants are steps as well, so an argument is always a place.

    Attributes:
        op: the operation: a row of the table, or `input`, `const`.
        args: what it reads, by place.
        data: an input's name, or a constant's number; `precise` where the slope is right to its own size in any case, as that of
            the naive form is in whose place the operation stands.
        guard: outside it the value is 0, or False, and not evaluated.
    """

    op: str
    args: tuple[int, ...] = ()
    data: Number | None = None
    guard: Guard = ()


class Way(NamedTuple):
    """A way that a gradient goes, from a value to one that its step reads.

    Attributes:
        source: the value that it comes from.
        place: by which argument.
        into: the value that it goes to: that argument.
        below: of a quotient, the steps of its denominator past which it goes straight to an argument of the last: a power, if there
            is one, a sum and what of its terms it passes; of what has no sum the last product alone.
        taken: whether the gradient has another sign than the quotient's by that: what is taken away in a sum, or a divisor in a power.
        branch: the condition under which it is evaluated, else it is 0; None if always.
        alive: further conditions that must hold.
        moving: whether it is 0 where the upstream gradient is: that tells the branches.
        steep: the same because the partial may be infinite there.
    """

    source: int
    place: int
    into: int
    below: tuple[int, ...] = ()
    taken: bool = False
    branch: int | None = None
    alive: tuple[int, ...] = ()
    moving: bool = False
    steep: bool = False


@dataclass(frozen=True)
class Program:
    """A formula on its way from steps to text.

    Attributes:
        steps: the steps, in order.
        outputs: the values returned, with their requested names.
        wrt: the inputs whose gradient is returned, in that order.
        rows: the table, with the program's own functions.
        lines: the values that have a forward line of their own, in order.
        given: the values that the user named, each with its comment.
        active: the branches through which a gradient can reach a value, if they are others than its guard.
        tested: the values of which that is told by the gradient itself, which is 0 outside these branches: they are many, or
            depend on others.
        ways: the ways that the gradient goes, in reverse order; empty before `differentiate`.
        names: the name of each input and line; empty before `name`.
        adjoints: the name of its gradient; empty before `name`.
    """

    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, int], ...]
    wrt: tuple[int, ...]
    rows: Mapping[str, Row] = field(hash=False)
    lines: tuple[int, ...]
    given: tuple[tuple[str, int, str], ...] = ()
    active: Mapping[int, tuple[Guard, ...]] = field(default_factory=dict, hash=False)
    tested: frozenset[int] = frozenset()
    ways: tuple[Way, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict, hash=False)
    adjoints: Mapping[int, str] = field(default_factory=dict, hash=False)

    @cached_property
    def signature(self) -> Mapping[int, str]:
        """The inputs, which are the first values, with their names as the user wrote them."""
        inputs = takewhile(lambda step: step.op == "input", self.steps)
        return {value: str(step.data) for value, step in enumerate(inputs)}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs' names as the user wrote them, in the order of the signature."""
        return tuple(self.signature.values())

    @cached_property
    def constants(self) -> frozenset[int]:
        """The values that are constants, or operations on constants without a line."""
        found: set[int] = set()
        inside = {*range(len(self.steps))} - {*self.lines, *self.signature}
        for value in sorted(inside):
            if found.issuperset(self.steps[value].args):
                found.add(value)
        return frozenset(found)

    def denominator(self, value: int) -> int | None:
        """Return d where a value is n/d or n * (1/d), and d no constant; else None."""
        step = self.steps[value]
        if step.op == "div" and step.args[1] not in self.constants:
            return step.args[1]
        if step.op == "mul" and self.steps[step.args[1]].op == "inv":
            below = self.steps[step.args[1]].args[0]
            return None if step.args[1] in self.constants else below
        return None

    def variables(self, value: int) -> tuple[int, ...]:
        """Return what a value's step reads, but for constants."""
        return tuple([a for a in self.steps[value].args if a not in self.constants])

    def __str__(self) -> str:
        """A readable dump: one line per step, output and way; constants stand where they are read."""
        numbers = {v: f"{s.data}" for v, s in enumerate(self.steps) if s.op == "const"}
        said = {v: f"%{v}" for v in range(len(self.steps))} | {**self.names} | numbers

        def taken(guard: Guard) -> str:
            parts = (said[v] if wanted else f"not {said[v]}" for v, wanted in guard)
            return f" if {' and '.join(parts)}" if guard else ""

        dump = [f"input {said[v]}  # {text}" for v, text in self.signature.items()]
        for value, step in enumerate(self.steps):
            if step.op not in ("input", "const"):
                args = ", ".join(said[arg] for arg in step.args)
                dump.append(f"{said[value]} = {step.op}({args}){taken(step.guard)}")
        dump += [f"output {text} = {said[value]}" for text, value in self.outputs]
        received = {value for _, value in self.outputs}
        for way in self.ways:
            into, source = (self.adjoints.get(v, f"d{said[v]}") for v in (way.into, way.source))  # fmt: skip
            *over, reader = (self.steps[v].op for v in (way.source, *way.below))
            tests = [v for v in (way.branch, *way.alive) if v is not None]
            sign = "+=" if way.into in received else "="
            partial = f"d{'/'.join((*over, reader))}[{way.place}]"
            dump.append(f"{into} {sign} {partial} * {source}{taken(tuple((v, True) for v in tests))}")  # fmt: skip
            received.add(way.into)
        return "\n".join(dump)


class Line(NamedTuple):
    """A value with a line of its own; every other value stands inside the line that reads it.

    Attributes:
        value: what the line says; of a further contribution what it adds, without its sign.
        name: what the line assigns to.
        total: the value that the name stands for from here on.
        answers: the value whose forward line a backward line answers.
        sign: `=`, or `+=` and `-=` for a further contribution.
    """

    value: int
    name: str
    total: int
    answers: int | None = None
    sign: str = "="
