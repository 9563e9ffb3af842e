"""Large SymPy expressions are compiled as they are, neither written out as text nor read again; the text of others is read where it must be."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sympy as sp

import gradgen
from gradgen import pipeline, sympy_program
from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.pipeline import regenerate
from gradgen.read.formula import Formula
from gradgen.read.programs import parse
from gradgen.read.reader import MAX_LENGTH
from gradgen.read.sympy.again import is_read_as_written
from gradgen.read.sympy.make import unevaluated
from gradgen.read.sympy.stage import stage
from gradgen.read.sympy.table import NODES
from gradgen.sympy_program import plain_expression
from gradgen.write.languages.formula import FORMULA
from gradgen.write.spell import written_out
from tests.truth import relative, value_and_gradient

X, Y, Z = sp.symbols("x y z")
AT = (0.7, 1.3, -0.4)


@pytest.fixture
def no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count expressions of a few parts as large, and let nothing be written out or read."""

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a large expression becomes a text")

    monkeypatch.setattr(sympy_program, "MAX_PARTS", 5)
    monkeypatch.setattr(sympy_program, "written_out", refused)
    for module in (pipeline, sympy_program):
        monkeypatch.setattr(module, "parse", refused)


@pytest.mark.usefixtures("no_text")
@pytest.mark.parametrize("params", [None, "y"])
def test_a_large_expression_is_no_text(params: str | None) -> None:
    expr = sp.exp(-X) * Y / (1 + X**2) + sp.sqrt(X) / 3 - 0.1 * Z * sp.sin(Z - Y)
    made = gradgen.compile(expr, params=params)
    assert not made.recipe.source and "(not recorded)" in made.source
    assert not made.unproven
    value, slopes = value_and_gradient(expr, ("x", "y", "z"), AT)
    at = dict(zip(("x", "y", "z"), AT))
    found, gradient = made.value_and_grad(**at)
    if params:
        slopes = [slopes[0], slopes[2]]
    assert relative([found, *gradient], [value, *slopes]) < 1e-14
    with pytest.raises(GradgenError, match="could not be written out"):
        regenerate(made.recipe)


@pytest.mark.usefixtures("no_text")
def test_a_large_program_is_no_text() -> None:
    shared = sp.sqrt(X * X + Y)
    expressions = [sp.sin(shared) * Z + shared, shared / (2 + sp.cos(shared * Z))]
    given: tuple[Any, ...] = (
        sp.cse(expressions),
        expressions,
        sp.Matrix(expressions),
        {"u": expressions[0], "v": expressions[1]},
        {"u": expressions[0], sp.Symbol("v"): expressions[1]},
    )
    for source in given:
        made = gradgen.compile(source)
        assert not made.recipe.source and not made.unproven
        rows = made.jacobian(*AT)
        for value, row, expr in zip(made(*AT), rows, expressions):
            true, slopes = value_and_gradient(expr, ("x", "y", "z"), AT)
            assert relative([value, *row], [true, *slopes]) < 1e-14
    assert [name for name, _ in made.program.outputs] == ["u", "v"]
    one = gradgen.compile(expressions[:1])
    assert one.program.outputs[0][0] == "f" and not one.recipe.source


@pytest.mark.usefixtures("no_text")
def test_the_names_of_a_large_program_are_its_stages() -> None:
    a, b = sp.symbols("a b")
    made = gradgen.compile(([(a, X * Y), (b, sp.sin(a) + a * Z)], [b * a, a - b]))
    assert "    a = x * y\n" in made.source and "    b = " in made.source
    u = X * Y
    v = sp.sin(u) + u * Z
    for value, row, expr in zip(made(*AT), made.jacobian(*AT), (u * v, u - v)):
        true, slopes = value_and_gradient(expr, ("x", "y", "z"), AT)
        assert relative([value, *row], [true, *slopes]) < 1e-14


@pytest.mark.usefixtures("no_text")
def test_names_of_a_large_program_mean_one_value_each() -> None:
    a, b = sp.symbols("a b")
    with pytest.raises(GradgenError, match="`b` is used before"):
        gradgen.compile(([(a, b * X + Y * Z), (b, X * Y + Z)], [a * b]))
    with pytest.raises(GradgenError, match="`a` is used before"):
        gradgen.compile(([(a, a * X + Y * Z)], [a * X + Y]))
    with pytest.raises(GradgenError, match="`a` is assigned twice"):
        gradgen.compile(([(a, X + Y * Z), (a, X * Y + Z)], [a * X]))
    twin = sp.Symbol("x", positive=True)
    with pytest.raises(GradgenError, match="two different symbols"):
        gradgen.compile([X * twin + Y * Z, sp.sin(X) + 2])


def test_what_text_says_more_of_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sympy_program, "MAX_PARTS", 5)
    k = sp.Symbol("k")
    made = gradgen.compile(([(k, sp.Float(2.5))], [k * sp.sin(X) + Y * k + Z]))
    assert "K = 2.5" in made.source and "k = 2.5" in made.recipe.source
    made = gradgen.compile([sp.Symbol("x'") * X + Y * Z, X + Y])
    assert made.program.inputs == ("x", "x_", "y", "z") and made.recipe.source


#: What numbers are written as in more than one way.
_NUMBERS = (
    *(0, 1, -1, 2, -2, 3, 10**30, 0.0, 1.0, -1.0, 0.1, -2.5, 1e300, 1e-310),
    *(sp.Rational(1, 2), sp.Rational(-1, 2), sp.Rational(-1, 3), sp.Rational(2, 3)),
    *(sp.pi, sp.E, sp.EulerGamma, sp.Rational(7, 10**30), sp.Rational(-5, 2)),
)
_CALLED = [row for row in ROWS.values() if isinstance(NODES.get(row.name), type)]


class _Expressions:
    """Random expressions over the whole table, as nobody has simplified them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self, depth: int) -> Any:
        chance = self.random.random() if depth else 1
        if chance > 0.9:
            return sp.sympify(self.random.choice((X, Y, Z, *_NUMBERS)))
        if chance > 0.5:
            kind = self.random.choice((sp.Add, sp.Mul))
            parts = range(self.random.randrange(2, 5))
            return unevaluated(kind, *[self.number(depth - 1) for _ in parts])
        if chance > 0.4:
            power = self.random.choice((self.number(depth - 1), *_NUMBERS))
            return unevaluated(sp.Pow, self.number(depth - 1), sp.sympify(power))
        row = self.random.choice([row for row in _CALLED if not row.boolean])
        return self.called(row, depth - 1)

    def condition(self, depth: int) -> Any:
        row = self.random.choice([row for row in _CALLED if row.boolean])
        if not depth or not row.truths:
            return unevaluated(sp.StrictLessThan, self.number(depth), Y)
        return self.called(row, depth - 1)

    def called(self, row: Row, depth: int) -> Any:
        truths, found = row.truths, []
        for place in range(row.arity):
            made = self.condition if place in truths else self.number
            whole = sp.Integer(self.random.randrange(4))
            found.append(whole if place in row.whole else made(depth))
        kind: Any = NODES[row.name]
        return unevaluated(kind, *found)


def _as_read(seed: int) -> bool | None:
    """Whether an expression is the same steps with its text read and without; None where only its text is certain."""
    try:
        expr = _Expressions(seed).number(seed % 4 + 1)
        written = stage(Formula("", plain_expression(expr)))
        text = written_out(written, FORMULA, MAX_LENGTH)
    except (GradgenError, ArithmeticError, TypeError, ValueError):
        return None
    if not is_read_as_written(written, text):
        return None
    read = parse(text, written.inputs)
    plain = Formula(text, expr, staged=written)
    assert (read.text, read.notes) == (text, ())
    for folded in (True, False):
        assert stage(plain, folded=folded) == stage(read, folded=folded), text
    return True


@pytest.mark.parametrize("first", [0, pytest.param(400, marks=pytest.mark.slow)])
def test_a_text_need_not_be_read_where_it_is_certain(first: int) -> None:
    found = [_as_read(seed) for seed in range(first, 10_000 if first else 400)]
    assert sum(map(bool, found)) > len(found) / 2


def test_a_text_that_is_certain_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    expr = sp.exp(-X) * Y / (1 + X**2) + sp.sqrt(X) / 3 - 0.1 * Z * sp.sin(Z - Y)
    whole = gradgen.compile(expr, with_="jacobian")
    for module in (pipeline, sympy_program):
        monkeypatch.setattr(module, "parse", None)
    made = gradgen.compile(expr, with_="jacobian")
    monkeypatch.undo()
    assert made.source == whole.source == regenerate(made.recipe).source


@pytest.mark.parametrize(
    ("expr", "why"),
    [
        (unevaluated(sp.Add, X, unevaluated(sp.Pow, sp.S(-2), sp.S(3))), "its signs"),
        (unevaluated(sp.Mul, unevaluated(sp.Mul, sp.S.One, X**-2), Y), "its powers"),
        (sp.E * X, "a note on E"),
        (sp.Symbol("sin") * X, "a name of a function"),
        (sp.Symbol("α") * X, "a letter that may look like another"),
        (X + unevaluated(sp.Pow, Y, sp.S.Zero), "an input that is not in it"),
        (X + unevaluated(sp.floor, sp.Float(0.1) * 3 * sp.sqrt(2)), "a rounded step"),
    ],
)
def test_a_text_that_is_not_certain_is_read(expr: sp.Expr, why: str) -> None:
    written = stage(Formula("", expr))
    text = written_out(written, FORMULA, MAX_LENGTH)
    assert not is_read_as_written(written, text), why
    made = gradgen.compile(expr, proof=False)
    assert regenerate(made.recipe).source == made.source


def test_a_deep_text_is_read() -> None:
    """So that one that is too deep is refused."""
    for depth, known in ((40, True), (60, False)):
        expr = X
        for _ in range(depth):
            expr = unevaluated(sp.sin, expr)
        written = stage(Formula("", expr))
        text = written_out(written, FORMULA, MAX_LENGTH)
        assert is_read_as_written(written, text) is known
