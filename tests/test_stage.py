"""Expressions become single-operation steps, shared where equal, with constants folded."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

import pytest
import sympy as sp

from gradgen.core.program import Program
from gradgen.core.rows import Number, Row
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.read.formula import Formula
from gradgen.read.programs import parse
from gradgen.read.sympy.make import unevaluated
from gradgen.read.sympy.stage import natural_key, stage
from tests.conftest import one_in
from tests.rows import NUMERIC, called

x, y, z = sp.symbols("x y z")


def lines(program: Program) -> list[str]:
    """Return the operations of a program's lines."""
    return [program.steps[value].op for value in program.lines]


def ops(source: str | sp.Expr) -> list[str]:
    """Return the operations of a formula in order."""
    formula = parse(source) if isinstance(source, str) else Formula("", source)
    return lines(stage(formula))


#: A constant: its number, or its operation and operands.
Tree: TypeAlias = "Number | tuple[object, ...] | None"


def tree(program: Program, value: int) -> Tree:
    """Return a constant of a program."""
    assert value in program.constants
    step = program.steps[value]
    if step.op == "const":
        return step.data
    return (step.op, *(tree(program, arg) for arg in step.args))


def constant(text: str) -> Tree:
    """Return what a constant folds to."""
    program = stage(parse(text))
    assert lines(program) == ["copy"]
    (value,) = program.steps[program.lines[0]].args
    return tree(program, value)


def test_the_seed_is_staged_as_in_the_document() -> None:
    assert ops("(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)") == [
        "sigmoid", "add", "sigmoid", "add", "sqr", "add", "inv", "mul",
    ]  # fmt: skip


def test_equal_parts_are_one_stage() -> None:
    assert ops("(x + y)*sin(x + y) + sin(x + y)") == ["add", "sin", "mul", "add"]


def test_shared_nodes_cost_nothing() -> None:
    node: sp.Expr = x
    for _ in range(200):
        node = unevaluated(sp.Add, node, node)
    assert ops(node) == ["add"] * 200


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("1/3", "1/3"),
        ("2**10 - 1", "1023"),
        ("-3/6", "-1/2"),
        ("0.1*3", "0.30000000000000004"),
        ("2*(1/2)", "1"),
    ],
)
def test_numbers_fold(text: str, exact: str) -> None:
    folded = constant(text)
    assert isinstance(folded, (Fraction, float)) and str(folded) == exact


def test_named_constants_stay_readable() -> None:
    assert constant("sqrt(2*pi)") == ("sqrt", ("mul", Fraction(2), "pi"))


def test_long_constants_become_stages() -> None:
    program = stage(parse("x*(sin(1) + cos(2) + tan(3) + exp(4))"))
    assert lines(program) == ["add", "add", "mul"]
    assert program.constants.isdisjoint(program.steps[program.lines[-1]].args)


def test_powers_by_their_exponent() -> None:
    assert ops("x**2") == ["sqr"]
    assert ops("x**3") == ["powi"]
    assert ops("x**-1") == ["inv"]
    assert ops("x**-2") == ops("1/x**2") == ["powi"]
    assert ops("x**0.5") == ["sqrt"]
    assert ops("x**(1/2)") == ["sqrt"]
    assert ops("x**2.0") == ["sqr"]
    assert ops("x**2.5") == ["powr"]
    assert ops("x**pi") == ["powr"]
    assert ops("2**x") == ["expb"]
    assert ops("x**y") == ["pow"]
    assert ops("x**1") == ["copy"]
    assert ops("x**0") == ["copy"]


def test_sympy_expressions_read_as_people_write_them() -> None:
    assert ops(x - y) == ["sub"]
    assert ops(x / (y * z**2)) == ["sqr", "mul", "inv", "mul"]
    assert ops(1 / sp.sqrt(x)) == ["sqrt", "inv"]
    assert ops(-x * y * z) == ["mul", "mul", "neg"]
    assert ops(sp.exp(-(x**2))) == ["sqr", "neg", "exp"]
    assert ops(sp.Float("0.5") * x) == ["mul"]


def test_what_sympy_has_and_the_table_lacks_is_refused() -> None:
    for expr in (
        sp.hankel1(0, x),
        sp.besselj(x, x),
        x + sp.I,
        x + sp.oo,
        sp.Piecewise((x, x > 0)),
        sp.LambertW(x, -1),
        x + sp.zoo,
    ):
        with pytest.raises(
            GradgenError, match=r"no operation|not supported|cases open|whole number"
        ):
            stage(Formula("", expr))


def test_two_symbols_of_one_name_are_refused() -> None:
    with pytest.raises(GradgenError, match="both called `x`"):
        stage(Formula("", x + sp.Symbol("x", positive=True)))


def test_symbol_names_become_python_names() -> None:
    expr = sp.Symbol("lambda") + sp.Symbol("x_{1}") + sp.Symbol("theta'")
    assert set(stage(Formula("", expr)).inputs) == {"lambda_", "x__1_", "theta_"}


def test_inputs_come_in_natural_order() -> None:
    assert stage(parse("x10 + x2 + a")).inputs == ("a", "x2", "x10")
    assert sorted(["b10", "b9", "B", "a"], key=natural_key) == ["B", "a", "b9", "b10"]


def test_asked_inputs() -> None:
    assert stage(parse("x*y"), inputs=("y", "z", "x")).inputs == ("y", "z", "x")
    with pytest.raises(GradgenError, match="not among the inputs"):
        stage(parse("x*y"), inputs=("x",))
    with pytest.raises(GradgenError, match="no input is called `q`"):
        stage(parse("x*y"), wrt=("q",))


def deep(n: int) -> Program:
    """Stage a chain of n sines."""
    node: sp.Expr = x
    for _ in range(n):
        node = unevaluated(sp.sin, node)
    return stage(Formula("", node))


def test_depth_is_no_limit() -> None:
    assert lines(deep(5000)) == ["sin"] * 5000


@pytest.mark.parametrize("number", one_in(4, ["exp(1/2)/3", "sqrt(2)", "0.7", "pi/4"]))
@pytest.mark.parametrize("row", NUMERIC, ids=lambda row: row.name)
def test_every_function_of_constants_that_are_expressions(
    row: Row, number: str
) -> None:
    """None is worked out before its time: sqrt(2), exp(1/2)/3, pi and 0.7 are as good as any constant."""
    args = [number if i not in row.whole else "2" for i in range(row.arity)]
    try:
        program = compile(f"x*{called(row, args)}", proof=False).program
    except GradgenError as error:
        assert "bug" not in str(error)
    else:
        assert program.inputs == ("x",)
