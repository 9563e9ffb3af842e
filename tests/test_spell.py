"""Texts have the brackets they need and no others."""

from __future__ import annotations

import ast
import random
from fractions import Fraction

import pytest

from gradgen.errors import GradgenError
from gradgen.ir import Const
from gradgen.parse import parse
from gradgen.spell import (
    ATOM,
    CONDITIONAL,
    FORMULA,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    constant,
    expression,
    fill,
    level,
)
from gradgen.stage import stage
from gradgen.targets import PYTHON


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", ATOM),
        ("f(a + b)", ATOM),
        ("(a + b)", ATOM),
        ("x**2", POWER),
        ("-x", SIGN),
        ("a * b", PRODUCT),
        ("-a * b", PRODUCT),
        ("a / b - c", SUM),
        ("a if b > 0.0 else c", CONDITIONAL),
        ("1e-05", ATOM),
    ],
)
def test_level(text: str, expected: int) -> None:
    assert level(text) == expected


@pytest.mark.parametrize(
    ("template", "operands", "expected"),
    [
        ("{0} + {1}", ["a + b", "c + d"], "a + b + (c + d)"),
        ("{0} - {1}", ["a * b", "-c"], "a * b - -c"),
        ("{0} * {1}", ["a + b", "c * d"], "(a + b) * (c * d)"),
        ("{0} / {1}", ["a / b", "c**2"], "a / b / c**2"),
        ("-{0}", ["a * b"], "-(a * b)"),
        ("-{0}", ["a**2"], "-a**2"),
        ("{0}**{1:d}", ["-a", "3.0"], "(-a) ** 3"),
        ("{0}**{1:d}", ["math.pi", "3.0"], "math.pi**3"),
        ("f({0}, {1})", ["a + b", "-c"], "f(a + b, -c)"),
        ("1.0 / {0}", ["a * b"], "1.0 / (a * b)"),
    ],
)
def test_fill(template: str, operands: list[str], expected: str) -> None:
    assert fill(template, operands) == expected


@pytest.mark.parametrize(
    ("const", "formula", "python"),
    [
        (Const(Fraction(3)), "3", "3.0"),
        (Const(Fraction(1, 2)), "1 / 2", "0.5"),
        (Const(Fraction(1, 3)), "1 / 3", "1.0 / 3.0"),
        (Const(Fraction(-2, 3)), "-2 / 3", "-2.0 / 3.0"),
        (Const(0.1), "0.1", "0.1"),
        (Const("pi"), "pi", "math.pi"),
        (
            Const("sqrt", (Const("mul", (Const(Fraction(2)), Const("pi"))),)),
            "sqrt(2 * pi)",
            "math.sqrt(2.0 * math.pi)",
        ),
        (Const(Fraction(10**25)), str(10**25), "1e25"),
    ],
)
def test_constants(const: Const, formula: str, python: str) -> None:
    assert constant(const, FORMULA) == formula
    assert constant(const, PYTHON.spelling) == python


def random_formula(rnd: random.Random, depth: int) -> str:
    """Return a random formula with every kind of operator and all brackets."""
    if depth == 0:
        return rnd.choice(["x", "y", "z", "2", "0.5", "pi"])
    a, b = (random_formula(rnd, depth - 1) for _ in range(2))
    return rnd.choice(
        [f"({a} {op} {b})" for op in "+-*/"]
        + [f"(-{a})", f"sin({a})", f"({a})**2", f"({a})**(-1.5)", f"({a})**({b})"]
    )


def test_written_formulas_read_back_as_the_same_program() -> None:
    rnd = random.Random(5)
    for _ in range(300):
        try:
            program = stage(parse(random_formula(rnd, rnd.randint(1, 4))))
        except GradgenError:
            continue  # a constant part was not finite
        text = expression(program, FORMULA, program.inputs)
        ast.parse(text)
        # One trip may tell -1.0 * (1/x) from 1/x subtracted; what it gives then stays.
        again = stage(parse(text), program.inputs)
        assert (
            stage(parse(expression(again, FORMULA, program.inputs)), program.inputs)
            == again
        )


def test_a_text_too_long_is_refused_early() -> None:
    doubling = "x"
    for _ in range(12):
        doubling = f"({doubling}*{doubling})" if len(doubling) < 20_000 else doubling
    with pytest.raises(GradgenError, match="longer than 100"):
        expression(stage(parse(doubling)), FORMULA, ["x"], limit=100)
