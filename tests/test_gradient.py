"""The backward lines follow the chain rule: right, in reverse, and no more of them than needed."""

from __future__ import annotations

import pytest

from gradgen.core.build import Steps
from gradgen.core.derive import Chain
from gradgen.core.program import Way
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.passes.gradient import differentiate
from gradgen.read.programs import parse
from gradgen.read.sympy.stage import stage


def test_values_without_influence_get_no_line() -> None:
    program = differentiate(
        stage(parse("x*sin(3*y) + cos(z)*0.5"), inputs=("x", "y", "z"), wrt=("x",))
    )
    touched = {way.into for way in program.ways} | {way.source for way in program.ways}
    dead = [program.steps[v].op for v in program.lines if v not in touched]
    assert dead == ["mul", "sin", "cos", "mul"]


def test_ways_are_linear_in_steps() -> None:
    program = differentiate(
        stage(parse("+".join(f"x{i}*x{i + 1}" for i in range(300))))
    )
    lines = [program.steps[value] for value in program.lines]
    assert len(program.ways) == sum(ROWS[step.op].arity for step in lines)


def partial(op: str, number: int | None = None) -> list[str]:
    """Return the operations of a partial by the first argument, times an upstream gradient."""
    steps = Steps(ROWS)
    args = [steps.input("x")] if number is None else [steps.input("x"), steps.const(number)]  # fmt: skip
    source, d = steps.emit(op, *args), steps.input("d")
    before = len(steps)
    Chain(steps).partial(Way(source, 0, args[0]), d)
    return [step.op for step in steps.list[before:] if step.op != "const"]


def test_a_partial_is_steps_of_the_same_program() -> None:
    assert partial("powi", 4) == ["powi", "mul", "mul"]
    assert partial("sigmoid") == ["sub", "mul", "mul"]
    assert partial("exp") == ["mul"]
    assert partial("copy") == []


def test_what_has_been_made_is_not_made_again() -> None:
    steps = Steps(ROWS)
    x, d = steps.input("x"), steps.input("d")
    below = steps.emit("inv", x)
    log = steps.emit("log", x)
    product = steps.emit("mul", d, below)
    before = len(steps)
    assert Chain(steps).partial(Way(log, 0, x), d) == product
    assert len(steps) == before


def test_what_has_no_closed_form_is_told() -> None:
    program = stage(parse("gammainc(a, x)"))
    with pytest.raises(GradgenError, match="the derivative of gammainc by its first"):
        differentiate(program)
    without = differentiate(stage(parse("gammainc(a, x)"), wrt=("x",)))
    assert [way.place for way in without.ways] == [1]
