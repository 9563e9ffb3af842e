"""Naive forms become the accurate operation, and mean the same."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
import sympy as sp

from gradgen.core.program import Program
from gradgen.passes.forms.patterns import PATTERNS
from gradgen.passes.forms.recognise import recognise
from gradgen.pipeline import compile
from gradgen.read.programs import parse
from gradgen.read.sympy.stage import stage
from gradgen.read.sympy.unroll import row_names, unroll
from tests.conftest import one_in
from tests.truth import function, plain


def lines(program: Program) -> list[str]:
    """Return the operations of a program's lines."""
    return [program.steps[value].op for value in program.lines]


def ops(text: str) -> list[str]:
    """Return the operations of a formula after recognition."""
    return lines(recognise(stage(parse(text))))


@pytest.mark.parametrize(("naive", "accurate"), PATTERNS)
def test_both_sides_of_a_pattern_are_equal(naive: str, accurate: str) -> None:
    symbols = sp.symbols("x y z w", real=True)
    sides = [parse(text).expr for text in (naive, accurate)]
    if "sum(" in naive or "mean(" in naive:
        # Over rows, in the first of them.
        symbols = sp.symbols(row_names("x"), real=True)
        sides = [unroll([("f", side)], [], ["x"])[0][0][1] for side in sides]
    known = {sp.Symbol(s.name): s for s in symbols}
    exact = [function(plain(side.xreplace(known)), symbols) for side in sides]
    rnd = random.Random(naive)
    compared = 0
    for _ in range(20):
        point = [rnd.uniform(0.1, 0.9), *(rnd.uniform(-3, 3) for _ in symbols[1:])]
        try:
            left, right = (side(*point) for side in exact)
        except TypeError:
            continue  # it is no real number there
        rounded = 1e-15 if "0.7071067811865476" in naive else 1e-45
        assert abs(left - right) <= abs(left) * rounded
        compared += 1
    assert compared >= 5


@pytest.mark.parametrize(("naive", "accurate"), PATTERNS)
def test_every_pattern_is_recognised(naive: str, accurate: str) -> None:
    assert ops(naive) == ops(accurate)
    assert ops(naive) != lines(stage(parse(naive)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/(exp(-y) + 1)", ["sigmoid"]),
        ("sqrt(u**2 + v**2 + w**2 + x**2)", ["hypot3", "hypot"]),
        ("sqrt(u*u + (v**2 + (w*w + x**2)) + (y - z)**2)", ["sub", "hypot3", "hypot3"]),
        (
            "sqrt(4*a**2 + b**2 - 3*a*b*cos(t) - b*a*cos(u))",
            [
                "sqr",
                "mul",
                "sqr",
                "add",
                "mul",
                "mul",
                "cos",
                "mul",
                "sub",
                "mul",
                "cos",
                "mul",
                "sub",
                "norm",
            ],
        ),
        ("exp(y)/(exp(y) + 1)", ["sigmoid"]),
        ("1/(1 + exp(x - y))", ["sub", "sigmoid"]),
        ("1/(1 + exp(-k*x))", ["mul", "sigmoid"]),
        ("1/(1 + exp(-2*x))", ["mul", "sigmoid"]),
        ("1/(1 + exp(-(x - y)/2))", ["sub", "div", "sigmoid"]),
        ("20*log(x)/log(10)", ["log10", "mul"]),
        ("3*exp(x)/(exp(x) + 1)", ["sigmoid", "mul"]),
        ("(1 - cos(x))/x**2", ["div", "sinc", "sqr", "div"]),
        ("-cos(x) + 1", ["versin"]),
        ("2*sin(x)/x", ["sinc", "mul"]),
        ("2*(1 - cos(x))/x**2", ["div", "sinc", "sqr"]),
        ("2*(1 - 1/(1 + exp(-x)))", ["neg", "sigmoid", "mul"]),
        ("log(exp(x) + 1)", ["softplus"]),
        ("log(x**2 + 1)", ["sqr", "log1p"]),
        ("sqrt(x*x + y*y)", ["hypot"]),
        ("sqrt(x**2 + y**2) + x**2", ["sqr", "hypot", "add"]),
        ("sqrt((x - 1)**2)", ["sub", "abs"]),
        ("log(2 + x)", ["add", "log"]),
        ("1/(2 + exp(-x))", ["wsigmoid", "div"]),
        ("K/(1 + A*exp(-r*t))", ["mul", "wsigmoid", "mul"]),
        ("exp(-exp(x))", ["expinf", "neg", "exp"]),
        ("a*sqrt(x)**2", ["radicand", "mul"]),
        ("exp(x) - 2", ["exp", "sub"]),
        ("-1 + exp(x)", ["expm1"]),
        ("-erf(x) + 1", ["erfc"]),
        ("max(x, x)*y", ["mul"]),
    ],
)
def test_any_order_but_nothing_else(text: str, expected: list[str]) -> None:
    assert ops(text) == expected


@pytest.mark.parametrize("text", ["y**-65", "x*sin(y**-100)", "y**(-23000)/x", "x/y**65*(x*y)**-70"])  # fmt: skip
def test_powers_too_high_to_be_taken_apart(text: str) -> None:
    program = recognise(stage(parse(text)))
    assert [name for name, _ in program.outputs] == ["f"]
    naive, plain_form = compile(text), compile(text, as_written=True)
    at = [1.0009765625, 1.001953125][: len(naive.program.inputs)]
    wanted = plain_form.value_and_grad(*at)
    value, gradient = naive.value_and_grad(*at)
    assert value == pytest.approx(wanted[0], rel=1e-12)
    assert gradient == pytest.approx(wanted[1], rel=1e-12)


def test_as_written_leaves_the_formula_alone() -> None:
    seed = "(x + 1/(1 + exp(-y))) / (1/(1 + exp(-x)) + (x + y)**2)"
    assert "exp" in lines(compile(seed, as_written=True).program)
    recognised = compile(seed).program
    assert "precise" in [step.data for step in recognised.steps]
    plain = [
        step._replace(data=None) if step.data == "precise" else step
        for step in recognised.steps
    ]
    called = compile("(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)").program
    assert replace(recognised, steps=tuple(plain)) == called


def test_naive_forms_no_longer_overflow() -> None:
    assert compile("1/(1 + exp(-x))").value_and_grad(-1000.0) == (0.0, (0.0,))
    assert compile("log(1 + exp(x))").value_and_grad(800.0) == (800.0, (1.0,))
    assert compile("sqrt(x**2 + y**2)").value_and_grad(0.0, 0.0) == (0.0, (0.0, 0.0))
    assert compile("sqrt(x**2)").value_and_grad(0.0) == (0.0, (0.0,))
    assert compile("log(1 + x)").value_and_grad(1e-17)[0] == 1e-17


def test_numbers_whose_product_has_no_double_stay_apart() -> None:
    for text, point, value in (
        ("y/(exp(x)*1e200*exp(x)*1e200)", (-400.0, 2.0), None),
        ("y/(exp(x)*1e-200*exp(x)*1e-200)", (400.0, 2.0), None),
        ("(exp(x)*1e-200)*(exp(-y)*1e-200)", (500.0, -200.0), None),
        ("u = exp(x)*1e300; w = u*u; y/w if w < 1e300 else y", (0.0, 2.0), 2.0),
    ):
        compiled = compile(text)
        expected = compile(text, as_written=True).forward(*point)[0]
        assert compiled.forward(*point)[0] == pytest.approx(expected, rel=1e-12)
        assert value is None or compiled.forward(*point)[0] == value


TIMES_ZERO = itertools.product(
    ["exp(x)", "cosh(x)", "1 + exp(x)", "exp(x)*exp(y)", "sqrt(y)", "log(y)", "x*exp(y)", "2**x", "1 - cos(x)"],
    ["1", "x", "exp(x)", "log(x)", "1 - exp(x)"],
    ["0", "-0.0", "(1 - 1)"],
)  # fmt: skip


@pytest.mark.parametrize(("naive", "over", "none"), one_in(4, TIMES_ZERO))
def test_a_form_times_zero_below_raises_when_it_runs(
    naive: str, over: str, none: str
) -> None:
    """It raises as it does as written; recognition does not meet the division itself."""
    for text in (f"({over})/({none}*({naive}))", f"({over})*(({naive})*{none})**-2"):
        made = compile(text, inputs=["x", "y"])
        with pytest.raises(ZeroDivisionError):
            made.forward(0.7, 0.9)
