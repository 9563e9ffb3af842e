"""Large SymPy expressions are compiled as they are: they are neither written out as text nor read again."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

import gradgen
from gradgen import pipeline, sympy_program
from gradgen.errors import GradgenError
from gradgen.pipeline import regenerate
from tests.truth import relative, value_and_gradient

X, Y, Z = sp.symbols("x y z")
AT = (0.7, 1.3, -0.4)


@pytest.fixture
def no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count expressions of a few parts as large, and let nothing be written out or read."""

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a large expression becomes a text")

    for module in (pipeline, sympy_program):
        monkeypatch.setattr(module, "MAX_PARTS", 5)
        monkeypatch.setattr(module, "written_out", refused)
    monkeypatch.setattr(pipeline, "parse", refused)


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
