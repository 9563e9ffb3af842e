"""Texts have the brackets they need and no others."""

from __future__ import annotations

import ast
import random
from fractions import Fraction
from typing import Any

import pytest

from gradgen.core.build import Steps
from gradgen.core.notation import term
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.read.programs import parse
from gradgen.read.sympy.stage import stage
from gradgen.write.language import (
    AND,
    ATOM,
    COMPARISON,
    CONDITIONAL,
    NOT,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
)
from gradgen.write.languages.formula import FORMULA
from gradgen.write.languages.python import PYTHON
from gradgen.write.spell import Speller, written_out

#: An input's name, a constant, or an operation and its operands.
Tree = Any


class Texts:
    """Trees as values, and their texts."""

    def __init__(self) -> None:
        self.steps = Steps(ROWS)
        self.names: dict[int, str] = {}

    def value(self, tree: Tree) -> int:
        if isinstance(tree, str):
            value = self.steps.input(tree)
            self.names[value] = tree
            return value
        if not isinstance(tree, tuple):
            return self.steps.const(tree)
        op, *args = tree
        if op == "named":
            # A constant of that name, which has no name here.
            return self.steps.const(args[0])
        return self.steps.emit(op, *map(self.value, args))


PI = ("named", "pi")
A_PLUS_B = ("add", "a", "b")


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("x", ATOM),
        (("sin", A_PLUS_B), ATOM),
        (("pow", "a", A_PLUS_B), ATOM),
        (PI, ATOM),
        (("powi", "x", 3), POWER),
        (("powi", A_PLUS_B, 3), SIGN),
        (("neg", "x"), SIGN),
        (("mul", "a", "b"), PRODUCT),
        (("mul", ("neg", "a"), "b"), PRODUCT),
        (("sqr", "a"), PRODUCT),
        (("inv", "a"), PRODUCT),
        (("sub", ("div", "a", "b"), "c"), SUM),
        (("lt", "a", "b"), COMPARISON),
        (("not", ("lt", "a", "b")), NOT),
        (("and", ("lt", "a", "b"), ("lt", "b", "a")), AND),
        (("or", ("lt", "a", "b"), ("lt", "b", "a")), OR),
        (("where", ("gt", "b", 0.0), "a", "c"), CONDITIONAL),
        (("relu", "x"), ATOM),
        (("sigmoid", "x"), CONDITIONAL),
        (1e-05, ATOM),
        (-1e-05, SIGN),
        (Fraction(1, 3), PRODUCT),
    ],
    ids=str,
)
def test_what_a_text_binds(tree: Tree, expected: int) -> None:
    texts = Texts()
    value = texts.value(tree)
    speller = Speller(texts.steps, PYTHON.language)
    assert speller.binds(value, texts.names) == expected
    # And that is what Python says of the text itself.
    text = texts.names.get(value) or speller.text(value, texts.names)
    assert _binds(ast.parse(text, mode="eval").body) == expected


def test_a_condition_of_three_parts_is_one_of_two_and_one() -> None:
    for word in ("and", "or"):
        whole = term(f"x < 1 {word} y < 1 {word} z < 1")
        assert whole == term(f"(x < 1 {word} y < 1) {word} z < 1")
        assert [len(one.args) for one in (whole, whole.args[0])] == [2, 2]


#: The operators of Python that bind less than a call.
_LEVELS: dict[type[ast.AST], int] = {
    ast.IfExp: CONDITIONAL,
    ast.Or: OR,
    ast.And: AND,
    ast.Not: NOT,
    ast.Compare: COMPARISON,
    ast.Add: SUM,
    ast.Sub: SUM,
    ast.Mult: PRODUCT,
    ast.Div: PRODUCT,
    ast.USub: SIGN,
    ast.Pow: POWER,
}


def _binds(node: ast.expr) -> int:
    """Return how strongly Python's outermost operator binds."""
    op = node.op if isinstance(node, (ast.BoolOp, ast.UnaryOp, ast.BinOp)) else node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        # Black has spaces around the sign of a power of more than a name, and brackets around it under a sign.
        return POWER if isinstance(node.left, (ast.Name, ast.Attribute)) else SIGN
    return _LEVELS.get(type(op), ATOM)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (("add", A_PLUS_B, ("add", "c", "d")), "a + b + (c + d)"),
        (("sub", ("mul", "a", "b"), ("neg", "c")), "a * b - -c"),
        (("mul", A_PLUS_B, ("mul", "c", "d")), "(a + b) * (c * d)"),
        (("div", ("div", "a", "b"), ("powi", "c", 2)), "a / b / c**2"),
        (("neg", ("mul", "a", "b")), "-(a * b)"),
        (("neg", ("powi", "a", 2)), "-(a**2)"),
        (("neg", ("powi", A_PLUS_B, 2)), "-((a + b) ** 2)"),
        (("powi", ("neg", "a"), 3), "(-a) ** 3"),
        (("powi", PI, 3), "math.pi**3"),
        (("pow", A_PLUS_B, ("neg", "c")), "math.pow(a + b, -c)"),
        (("inv", ("mul", "a", "b")), "1.0 / (a * b)"),
        (("sqr", A_PLUS_B), "(a + b) * (a + b)"),
        (("mul", "a", ("where", ("lt", "a", "b"), "a", "b")), "a * (a if a < b else b)"),
        (("where", ("lt", "a", "b"), ("where", ("lt", "b", "c"), "a", "b"), "c"), "(a if b < c else b) if a < b else c"),
        (("where", ("lt", "a", "b"), "c", ("where", ("lt", "b", "c"), "a", "b")), "c if a < b else a if b < c else b"),
        (("and", ("or", ("lt", "a", "b"), ("lt", "b", "c")), ("not", ("lt", "a", "c"))), "(a < b or b < c) and not a < c"),
    ],
)  # fmt: skip
def test_brackets(tree: Tree, expected: str) -> None:
    texts = Texts()
    value = texts.value(tree)
    assert Speller(texts.steps, PYTHON.language).text(value, texts.names) == expected


@pytest.mark.parametrize(
    ("tree", "formula", "python"),
    [
        (Fraction(3), "3", "3.0"),
        (Fraction(1, 2), "1 / 2", "0.5"),
        (Fraction(1, 3), "1 / 3", "1.0 / 3.0"),
        (Fraction(-2, 3), "-2 / 3", "-2.0 / 3.0"),
        (0.1, "0.1", "0.1"),
        (PI, "pi", "math.pi"),
        (("sqrt", ("mul", 2, PI)), "sqrt(2 * pi)", "math.sqrt(2.0 * math.pi)"),
        (Fraction(10**25), str(10**25), "1e25"),
    ],
)
def test_constants(tree: Tree, formula: str, python: str) -> None:
    texts = Texts()
    value = texts.value(tree)
    assert texts.steps.is_constant(value)
    assert Speller(texts.steps, FORMULA).text(value, {}) == formula
    assert Speller(texts.steps, PYTHON.language).text(value, {}) == python


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
        text = written_out(program, FORMULA, 10**6)
        ast.parse(text)
        # One trip may tell -1.0 * (1/x) from 1/x subtracted; what it gives then stays.
        again = stage(parse(text), program.inputs)
        text = written_out(again, FORMULA, 10**6)
        assert stage(parse(text), program.inputs) == again


def test_a_text_too_long_is_refused_early() -> None:
    doubling = "x"
    for _ in range(12):
        doubling = f"({doubling}*{doubling})" if len(doubling) < 20_000 else doubling
    with pytest.raises(GradgenError, match="longer than 100"):
        written_out(stage(parse(doubling)), FORMULA, limit=100)
