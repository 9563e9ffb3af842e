"""The verifier catches every broken program, and a program prints readably."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradgen.adjoints import differentiate
from gradgen.ir import Flow, Program, ProgramError, Ref, Step, verify
from gradgen.names import name
from gradgen.parse import parse
from gradgen.stage import stage
from gradgen.targets import PYTHON


@pytest.fixture
def program() -> Program:
    """x*y + sin(x), complete."""
    return name(
        differentiate(stage(parse("x*y + sin(x)"))), PYTHON.reserved, PYTHON.avoided
    )


def test_a_whole_program_passes(program: Program) -> None:
    assert verify(program) is program


def test_a_program_is_hashable_and_comparable(program: Program) -> None:
    assert hash(program) == hash(replace(program)) and program == replace(program)


def broken(program: Program) -> dict[str, Program]:
    """Return the program broken in every way that the verifier knows."""
    steps, flows = program.steps, program.flows
    accumulated = next(i for i, flow in enumerate(flows) if flow.accumulate)
    first = next(i for i, flow in enumerate(flows) if not flow.accumulate)

    def flipped(at: int) -> Program:
        changed = replace(flows[at], accumulate=not flows[at].accumulate)
        return replace(program, flows=(*flows[:at], changed, *flows[at + 1 :]))

    return {
        "operation": replace(program, steps=(Step("frob", (Ref(0),)), *steps[1:])),
        "arity": replace(program, steps=(Step("mul", (Ref(0),)), *steps[1:])),
        "later value": replace(
            program, steps=(Step("mul", (Ref(0), Ref(4))), *steps[1:])
        ),
        "output": replace(program, outputs=(("f", Ref(0)),)),
        "no input": replace(program, wrt=(7,)),
        "reverse": replace(program, flows=flows[::-1]),
        "received": replace(program, flows=flows[1:]),
        "read": replace(
            program, flows=(Flow(flows[0].source, 0, 0, False), *flows[1:])
        ),
        "accumulation": flipped(accumulated),
        "accumulation at first": flipped(first),
        "names": replace(program, names=program.names[:-1]),
        "twice": replace(program, names=(program.names[1], *program.names[1:])),
        "identifier": replace(program, names=("1x", *program.names[1:])),
    }


@pytest.mark.parametrize(
    "way",
    list(
        broken(
            name(differentiate(stage(parse("x*y + sin(x)"))), frozenset(), frozenset())
        )
    ),
)
def test_a_broken_program_is_refused(program: Program, way: str) -> None:
    with pytest.raises(ProgramError):
        verify(broken(program)[way])


def test_dump(program: Program) -> None:
    assert str(program).splitlines() == [
        "input x  # x",
        "input y  # y",
        "xy = mul(x, y)",
        "sinx = sin(x)",
        "f = add(xy, sinx)",
        "output f = f",
        "dxy = dadd[0] * df",
        "dsinx = dadd[1] * df",
        "dx = dsin[0] * dsinx",
        "dx += dmul[0] * dxy",
        "dy = dmul[1] * dxy",
    ]
    constants = str(stage(parse("x/3*sqrt(2*pi)"))).splitlines()
    assert constants[1:3] == ["%1 = div(%0, 3)", "%2 = mul(%1, sqrt(mul(2, pi)))"]
