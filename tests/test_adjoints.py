"""The backward lines follow the chain rule: right, in reverse, and no more of them than needed."""

from __future__ import annotations

from fractions import Fraction

from gradgen.adjoints import differentiate, partial
from gradgen.ir import Const, Ref
from gradgen.ops import OPS
from gradgen.parse import parse
from gradgen.stage import stage


def test_values_without_influence_get_no_line() -> None:
    program = differentiate(
        stage(parse("x*sin(3*y) + cos(z)*0.5"), inputs=("x", "y", "z"), wrt=("x",))
    )
    touched = {flow.into for flow in program.flows} | {
        flow.source for flow in program.flows
    }
    dead = [
        step.op
        for i, step in enumerate(program.steps)
        if program.value(i) not in touched
    ]
    assert dead == ["mul", "sin", "cos", "mul"]


def test_flows_are_linear_in_steps() -> None:
    program = differentiate(
        stage(parse("+".join(f"x{i}*x{i + 1}" for i in range(300))))
    )
    assert len(program.flows) == sum(OPS[step.op].arity for step in program.steps)


def test_a_partial_is_itself_a_program() -> None:
    program = partial("powi", 0, (Ref(0), Const(Fraction(4))))
    assert [step.op for step in program.steps] == ["powi", "mul"]
    assert [step.op for step in partial("sigmoid", 0, (Ref(5),)).steps] == [
        "sub",
        "mul",
    ]
