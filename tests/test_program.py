"""The verifier catches every broken program, and a program prints readably."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gradgen.core.program import Program, ProgramError, Step, Way
from gradgen.passes.branches.guard import guard
from gradgen.passes.check import verify
from gradgen.passes.flat.flatten import flatten
from gradgen.passes.gradient import branch, differentiate
from gradgen.passes.names import name
from gradgen.read.programs import parse
from gradgen.read.sympy.stage import stage
from gradgen.targets import PYTHON

#: The values of x*y + sin(x).
X, Y, XY, SINX, F = range(5)


def complete(text: str) -> Program:
    """Return a formula as a program after all passes."""
    program = branch(flatten(differentiate(guard(stage(parse(text))))))
    return name(program, PYTHON.reserved, PYTHON.avoided)


@pytest.fixture
def program() -> Program:
    """x*y + sin(x), complete."""
    return complete("x*y + sin(x)")


@pytest.mark.parametrize(
    "text",
    [
        "x*y + sin(x)",
        "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)",
        "x/(y*z**2) if x > 0 and log(x) > 1 else 1/sqrt(max(x, 0))",
        "3",
    ],
)
def test_a_whole_program_passes(text: str) -> None:
    program = complete(text)
    assert verify(program) is program


def test_a_program_is_hashable_and_comparable(program: Program) -> None:
    assert hash(program) == hash(replace(program)) and program == replace(program)
    assert program != replace(program, names={**program.names, X: "other"})


def broken(program: Program) -> dict[str, Program]:
    """Return x*y + sin(x) broken in every way that the verifier knows."""
    steps, ways = program.steps, program.ways

    def put(value: int, step: Step) -> Program:
        return replace(program, steps=(*steps[:value], step, *steps[value + 1 :]))

    def more(*added: Step, lines: int = 0) -> Program:
        places = (*program.lines, *range(len(steps), len(steps) + lines))
        return replace(program, steps=(*steps, *added), lines=places)

    def first(**changed: Any) -> Program:
        return replace(program, ways=(ways[0]._replace(**changed), *ways[1:]))

    above = Step("lt", (X, Y))
    past = Way(F, 0, X, below=(XY,))
    return {
        "operation": more(Step("frob", data=2.0)),
        "arity": more(Step("mul", (X,))),
        "too many": more(Step("sin", (X, Y))),
        "later value": more(Step("mul", (X, F + 2)), Step("sin", (X,))),
        "itself": more(Step("mul", (X, F + 1))),
        "before the first value": more(Step("mul", (X, -1))),
        "late input": more(Step("input", data="z")),
        "no input in front": put(Y, Step("const", data=2.0)),
        "input without name": put(Y, Step("input")),
        "constant without number": more(Step("const")),
        "condition as a number": more(above, Step("sin", (F + 1,))),
        "number as a condition": more(Step("not", (X,))),
        "truth as a number": more(Step("const", data=True), Step("sin", (F + 1,))),
        "guard of a number": put(XY, steps[XY]._replace(guard=((X, True),))),
        "later guard": more(above._replace(guard=((F + 1, True),))),
        "output": replace(program, outputs=(("f", X),)),
        "given": replace(program, given=(("g", Y, ""),)),
        "no input": replace(program, wrt=(7,)),
        "gradient by a line": replace(program, wrt=(XY,)),
        "lines": replace(program, lines=(SINX, XY, F)),
        "line twice": replace(program, lines=(XY, XY, SINX, F)),
        "line of nothing": replace(program, lines=(*program.lines, 9)),
        "line of a constant": more(Step("const", data=2.0), lines=1),
        "line of an input": replace(program, lines=(Y, *program.lines)),
        "branch of a number": replace(program, active={XY: (((X, True),),)}),
        "branches of no line": replace(program, active={X: ((),)}),
        "tested": replace(program, tested=frozenset({X})),
        "reverse": replace(program, ways=(*ways[:2], *ways[3:], ways[2])),
        "from no value": first(source=9),
        "received": replace(program, ways=ways[1:]),
        "read": first(into=X),
        "by no argument": first(place=2),
        "past no denominator": replace(program, ways=(*ways[:2], past, *ways[2:])),
        "told by a number": first(branch=X),
        "alive by a number": first(alive=(Y,)),
        "no name": replace(program, names={**program.names, 9: "z"}),
        "names": replace(program, names={X: "x"}),
        "adjoints": replace(program, adjoints={X: "dx"}),
        "twice": replace(program, names={**program.names, X: "y"}),
        "a gradient's name": replace(program, names={**program.names, X: "dy"}),
        "identifier": replace(program, names={**program.names, X: "1x"}),
    }


@pytest.mark.parametrize("way", list(broken(complete("x*y + sin(x)"))))
def test_a_broken_program_is_refused(program: Program, way: str) -> None:
    found = broken(program)[way]
    assert found != program
    with pytest.raises(ProgramError):
        verify(found)


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
    assert constants[1:5] == [
        "%2 = div(%0, 3)",
        "%5 = mul(2, pi)",
        "%6 = sqrt(%5)",
        "%7 = mul(%2, %6)",
    ]
    branches = str(complete("log(x) if x > 0 else y"))
    assert "\nlogx = log(x) if xgt0\n" in branches
    assert branches.endswith("\ndx = dlog[0] * dlogx if xgt0")
    quotient = str(complete("x/y**2"))
    assert "\ndy = ddiv/sqr[0] * df" in quotient
