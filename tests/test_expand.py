"""Series and compositions are written out exactly as a person would write them, within limits."""

from __future__ import annotations

import pytest
import sympy as sp

from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.read.programs import parse
from gradgen.read.sympy.expand import (
    MAX_TERMS,
    falling_product,
    series,
    size,
    substitute,
)
from gradgen.read.sympy.make import add
from tests.truth import relative, value_and_gradient

x, k = sp.symbols("x k")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Sum(x**k/factorial(k), (k, 0, 10))", lambda x: sum(x**k / sp.factorial(k) for k in range(11))),
        ("Sum(k*x**2, (k, 0, 4))", lambda x: 10 * x**2),
        ("Sum((-1)**k*x**(2*k + 1)/factorial(2*k + 1), (k, 0, 6))", lambda x: sum((-1) ** k * x ** (2 * k + 1) / sp.factorial(2 * k + 1) for k in range(7))),
        ("Product(1 + x/k, (k, 1, 5))", lambda x: sp.prod([1 + x / k for k in range(1, 6)])),
        ("Product(Sum(x**i + j, (i, 1, 2)), (j, 0, 2))", lambda x: sp.prod([x + x**2 + 2 * j for j in range(3)])),
        ("Sum(sin(k*x) if k > 1 else x, (k, 0, 3))", lambda x: 2 * x + sp.sin(2 * x) + sp.sin(3 * x)),
        ("binomial(x, 3) + binomial(7, 2)*x", lambda x: x * (x - 1) * (x - 2) / 6 + 21 * x),
    ],
)  # fmt: skip
def test_series_mean_what_they_say(text: str, meaning: object) -> None:
    assert callable(meaning)
    value, gradient = compile(text).value_and_grad(0.7)
    true, slopes = value_and_gradient(meaning(x), ["x"], (0.7,))
    assert relative([value, *gradient], [true, *slopes]) < 1e-15


def test_the_index_leaves_no_trace() -> None:
    source = compile("Sum(k*x**k, (k, 0, 2))").source
    assert "1.0 *" not in source.replace("df: float = 1.0", "")
    assert compile("Sum(k*x**k, (k, 0, 2))").program.inputs == ("x",)
    # An index hides a variable of that name inside its series only.
    assert compile("k + Sum(k*x, (k, 1, 2))").value_and_grad(5.0, 1.0)[0] == 8.0


def test_sympys_own_sums_are_written_out() -> None:
    assert compile(sp.Sum(x**k / k, (k, 1, 3))).value_and_grad(2.0) == compile(
        "x + x**2/2 + x**3/3"
    ).value_and_grad(2.0)
    nested = sp.Sum(sp.Sum(x**k, (k, 1, sp.Symbol("n"))), (sp.Symbol("n"), 1, 2))
    assert compile(sp.exp(nested)).value_and_grad(0.0) == (1.0, (2.0,))
    with pytest.raises(GradgenError, match="whole numbers"):
        compile(sp.Sum(x**k, (k, 1, sp.oo)))
    assert compile(sp.Product(x + k, (k, 1, 2))).value_and_grad(0.0) == (2.0, (3.0,))


def test_limits() -> None:
    with pytest.raises(GradgenError, match=f"at most {MAX_TERMS}"):
        series("Sum", x, k, sp.S.Zero, sp.Integer(MAX_TERMS))
    with pytest.raises(GradgenError, match="more than 100000 parts"):
        series("Sum", parse("x*k" + "+x*k" * 200).expr, k, sp.S.One, sp.Integer(999))
    assert series("Sum", x, k, sp.Integer(3), sp.Integer(2)) == 0
    assert series("Product", x, k, sp.Integer(3), sp.Integer(2)) == 1


def test_substitution_keeps_the_tree_and_survives_depth() -> None:
    expr = parse("x*2 + 0*x").expr
    assert substitute(expr, {}) is expr
    deep: sp.Expr = x
    for _ in range(20_000):
        deep = add(deep, x)
    assert size(substitute(deep, {"x": sp.Symbol("y")})) == 20_001


def test_small_binomials_need_no_gamma_function() -> None:
    assert falling_product(sp.Integer(10), 3) == 120
    assert "gamma" not in compile("binomial(n, 4)").source
