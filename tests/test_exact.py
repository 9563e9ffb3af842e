"""The truth that modules are verified against is itself checked: by SymPy's derivative, and where there is none."""

from __future__ import annotations

import mpmath
import pytest
import sympy as sp

from gradgen.exact import Exact, ExactFormula
from gradgen.ops import OPS, Op
from gradgen.parse import parse
from tests.truth import derivative, function, named_slopes, plain


def at(text: str, *point: float) -> Exact:
    """Return the truth of a formula of x and y."""
    names = ["x", "y"][: len(point)]
    return ExactFormula(parse(text).expr, names).at(point, range(len(names)))


NUMERIC = [
    row for row in OPS.values() if isinstance(row.node, type) and not row.boolean
]


@pytest.mark.parametrize("row", NUMERIC, ids=lambda row: row.name)
def test_every_operation_has_sympys_value_and_derivative(row: Op) -> None:
    """mpmath's difference quotient of the function against SymPy's derivative of it."""
    live = [i for i in range(row.arity) if row.partials[i]]
    symbols = sp.symbols("a b c", real=True)[: row.arity]
    point = [
        low + (high - low) * (0.4375 - i / 8)
        for i, (low, high) in enumerate(row.sample)
    ]
    if row.whole:
        point[0] = 2.0
    args = [
        s if i in live else sp.Integer(int(p))
        for i, (s, p) in enumerate(zip(symbols, point))
    ]
    point = [p if i in live else float(int(p)) for i, p in enumerate(point)]
    names = [s.name for s in symbols]
    node = row.node(*args).xreplace({s: sp.Symbol(s.name) for s in symbols})
    truth = ExactFormula(node, names, digits=160).at(point, live)
    expr = plain(row.node(*args))
    with mpmath.workdps(40):
        assert abs(truth.value - function(expr, symbols)(*point)) < 1e-32
        for slope, place in zip(truth.slopes, live):
            true = function(named_slopes(derivative(expr, symbols[place])), symbols)
            assert abs(slope - true(*point)) < 1e-35 * max(1, abs(slope))


@pytest.mark.parametrize(
    ("text", "x"),
    [("log(x)", -1.0), ("sqrt(x)", -1.0), ("1/x", 0.0), ("asin(x)", 2.0), ("x**0.5", -1.0), ("gamma(x)", -2.0)],
)  # fmt: skip
def test_outside_the_domain_there_is_no_value(text: str, x: float) -> None:
    assert at(text, x).value is None


@pytest.mark.parametrize(
    ("text", "x"),
    [("abs(x)", 0.0), ("floor(x)", 1.0), ("relu(x)", 0.0), ("sqrt(x)", 0.0), ("x if x > 0 else 1", 0.0), ("max(x, 2)", 2.0)],
)  # fmt: skip
def test_at_kinks_jumps_and_edges_there_is_no_slope(text: str, x: float) -> None:
    found = at(text, x)
    assert found.value is not None and found.slopes == (None,)


def test_a_branch_not_taken_may_be_undefined() -> None:
    assert at("log(x) if x > 0 else 5", -1.0).value == 5
    assert at("1 if x > 0 and log(x) > 1 else 5", -1.0).value == 5
    assert at("1 if x <= 0 or log(x) > 1 else 5", -1.0).value == 1
    assert at("1 if log(x) > 1 else 5", -1.0).value is None


def test_far_tails_are_resolved() -> None:
    found = at("log(1 + exp(x))", -700.0)
    assert float(found.slopes[0]) == pytest.approx(9.85967654375977e-305, rel=1e-12)
    assert float(at("1/(1 + exp(-x))", 700.0).slopes[0]) == pytest.approx(
        9.86e-305, rel=1e-3
    )
    assert at("tanh(x)", 400.0).slopes[0] < 1e-308


def test_deep_formulas() -> None:
    found = at("sin(" * 90 + "x" + ")" * 90, 0.5)
    assert 0 < found.slopes[0] < 1
