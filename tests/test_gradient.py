"""The backward lines follow the chain rule: right, in reverse, and no more of them than needed."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from functools import partial as partial_of
from typing import Any

import pytest

from gradgen import compile as compile_formula
from gradgen.core.build import Steps
from gradgen.core.derive import Chain
from gradgen.core.program import Guard, Way
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


@pytest.mark.parametrize(
    "shared",
    [
        "{squares}",
        "{squares} + 1",
        "a*exp(b)*c",
        "(a + b)**4",
        "exp({squares})",
        "a*x0",
    ],
)
def test_ways_past_what_many_sums_share_are_linear(shared: str) -> None:
    squares = " + ".join(f"x{i}**2" for i in range(60))
    text = f"s = {shared.format(squares=squares)}\nt = s + 1\nf = "
    text += " + ".join(f"1/({'st'[i % 2]} + y{i}**2 + 2*exp(x{i}))" for i in range(60))
    program = differentiate(stage(parse(text)))
    assert len(program.ways) <= 2.5 * len(program.lines)


@pytest.mark.parametrize(
    ("around", "reads"),
    [("{}", True), ("exp({})", True), ("floor({}) + w", False), ("w if {} > 2 else z", False)],
)  # fmt: skip
def test_a_reciprocal_with_a_name_is_read_where_its_slope_is(
    around: str, reads: bool
) -> None:
    found = compile_formula(f"r = 1/(z + w)\ny = {around.format('x*r')} + r")
    assert ("x * r\n" in found.source) == reads
    assert ("x / " in found.source) != reads


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


def test_a_condition_that_a_constant_settles_is_none() -> None:
    steps = Steps(ROWS)
    x, yes, no = steps.input("x"), steps.const(True), steps.const(False)
    asked = steps.emit("gt", x, steps.const(0))
    guard: Guard
    for guard in ((), ((asked, True),)):
        emit = partial_of(steps.emit, guard=guard)
        assert (emit("not", yes), emit("not", no)) == (no, yes)
        assert emit("and", yes, asked) == emit("or", asked, no) == asked
        assert emit("and", asked, no) == no and emit("or", yes, asked) == yes
        assert emit("where", yes, x, asked) == x


def test_what_has_no_closed_form_is_told() -> None:
    program = stage(parse("gammainc(a, x)"))
    with pytest.raises(GradgenError, match="the derivative of gammainc by its first"):
        differentiate(program)
    without = differentiate(stage(parse("gammainc(a, x)"), wrt=("x",)))
    assert [way.place for way in without.ways] == [1]


#: Logarithms of products, quotients and powers, and 1 over these slopes, by inputs in order.
LOGARITHMS: list[tuple[str, Callable[..., tuple[Any, ...]]]] = [
    ("log(x/y)", lambda x, y: (x, -y)),
    ("log(3*x**2*y/z)", lambda x, y, z: (x / 2, y, -z)),
    ("log(x/(y*z))", lambda x, y, z: (x, -y, -z)),
    ("log(1/(x*y))", lambda x, y: (-x, -y)),
    ("log(x**(-3)/(0.7*y))", lambda x, y: (-x / 3, -y)),
    ("log(x**2.5*y)", lambda x, y: (x / Fraction(2.5), y)),
]


@pytest.mark.parametrize(("text", "over"), LOGARITHMS, ids=[t for t, _ in LOGARITHMS])
def test_the_slope_of_a_logarithm_is_1_over_each_factor(
    text: str, over: Callable[..., tuple[Any, ...]]
) -> None:
    for style in ("textbook", "compact"):
        found = compile_formula(text, style=style)
        cost = found.cost.backward
        rnd = random.Random(text)
        for size in (0, 40, 90):
            point = [rnd.uniform(1, 9) * 10.0 ** rnd.randint(-size, size) for _ in found.program.inputs]  # fmt: skip
            _, cache = found.forward(*point)
            want = [1 / one for one in over(*map(Fraction, point))]
            for slope, true in zip(found.backward(cache), want, strict=True):
                assert abs(Fraction(slope) / true - 1) < Fraction(6e-16)
        # A division each, and at most a product beside it where a power or a product of denominators is.
        assert cost <= len(point) + 2


def test_a_logarithm_of_what_others_read_shares_its_slope() -> None:
    for text in ("r = x/y; z = r*log(r)*sin(r)", "h = hypot(x, y); z = log(h)"):
        program = differentiate(stage(parse(text)))
        sources = {program.steps[way.source].op for way in program.ways if way.below}
        assert "log" not in sources
