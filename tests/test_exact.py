"""The truth that modules are verified against is itself checked: by SymPy's derivative, and where there is none."""

from __future__ import annotations

import random

import mpmath
import pytest
import sympy as sp

from gradgen.core.rows import Row
from gradgen.prove import exact
from gradgen.prove.exact import Exact, ExactFormula, ExactFormulas
from gradgen.read.programs import parse
from gradgen.read.sympy.table import NODES
from tests.conftest import ROOT
from tests.rows import ALL
from tests.truth import derivative, function, named_slopes, plain


def at(text: str, *point: float) -> Exact:
    """Return the truth of a formula of x and y."""
    names = ["x", "y"][: len(point)]
    return ExactFormula(parse(text).expr, names).at(point, range(len(names)))


NUMERIC = [row for row in ALL if isinstance(NODES[row.name], type) and not row.boolean]


@pytest.mark.parametrize("row", NUMERIC, ids=lambda row: row.name)
def test_every_operation_has_sympys_value_and_derivative(row: Row) -> None:
    """mpmath's difference quotient of the function against SymPy's derivative of it."""
    live = [i for i in range(row.arity) if row.adjoint(i) is not None]
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
    node = NODES[row.name](*args).xreplace({s: sp.Symbol(s.name) for s in symbols})
    truth = ExactFormula(node, names, digits=160).at(point, live)
    # A float is the number that it is: SymPy would round what it multiplies it by.
    expr = plain(NODES[row.name](*args)).replace(lambda e: e.is_Float, sp.Rational)
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


SLOPES = [
    tuple(part.strip() for part in line.split("|"))
    for line in (ROOT / "tests/cases/slopes.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("text", "point", "slope"), SLOPES)
def test_slopes_at_hard_points(text: str, point: str, slope: str) -> None:
    found = at(text, *map(float, point.split())).slopes[0]
    if slope == "none":
        assert found is None
        return
    true = mpmath.mpf(slope)
    assert found is not None
    assert abs(found - true) <= max(abs(true) * 1e-14, 1e-318), (found, true)


SMOOTH = [
    "x*y + z/x", "sin(x*y)*exp(-z) + x", "(x + y)**3/(1 + z**2)", "log(1 + x**2 + y**2)*z", "x**y*z**x + tanh(z)*y",
    "sqrt(1 + x**2)/(1 + exp(-y*z)) - x*x*x", "exp(x)/exp(y) + x*y*z*x", "atan(x/y) + erf(z)*x",
]  # fmt: skip


@pytest.mark.parametrize("text", SMOOTH)
def test_slopes_are_sympys(text: str) -> None:
    """Several formulas of the same parts at once, against SymPy's derivative."""
    rnd = random.Random(text)
    symbols = sp.symbols("x y z", real=True)
    expr = parse(text).expr
    both = ExactFormulas([expr, parse(f"({text})*x - y").expr], "xyz")
    real = plain(expr.xreplace({sp.Symbol(s.name): s for s in symbols}))
    for _ in range(1):
        point = [rnd.uniform(0.2, 3.0) for _ in range(3)]
        first, second = both.at(point, (2, 0, 1))
        with mpmath.workdps(50):
            value = function(real, symbols)(*point)
            x, y = (mpmath.mpf(part) for part in point[:2])
            assert abs(first.value - value) < 1e-40 * abs(value)
            assert abs(second.value - (value * x - y)) < 1e-40
            for place, one, two in zip((2, 0, 1), first.slopes, second.slopes):
                true = function(derivative(real, symbols[place]), symbols)(*point)
                assert abs(one - true) < 1e-40 * max(1, abs(true))
                more = {0: value, 1: -1, 2: 0}[place]
                assert abs(two - (true * x + more)) < 1e-38 * max(1, abs(two))


@pytest.mark.parametrize("operator", ["+", "*", " - "])
def test_the_work_does_not_grow_with_the_inputs(
    operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: functions evaluated for all slopes of a formula with ten and with forty inputs."""
    calls = 0
    real = exact._real

    def counted(*args: object) -> object:
        nonlocal calls
        calls += 1
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(exact, "_real", counted)
    counts = []
    for number in (10, 40):
        text = operator.join(f"sin(x{i})*x{(7 * i) % number}" for i in range(number))
        names = [f"x{i}" for i in range(number)]
        formula = ExactFormula(parse(text).expr, names, 60)
        calls = 0
        found = formula.at([0.5 + i / number for i in range(number)], range(number))
        assert None not in found.slopes
        counts.append(calls)
    assert counts[1] < 5 * counts[0]


def test_one_input_elsewhere() -> None:
    formulas = ExactFormulas([parse("x*sin(y)").expr, parse("y**2").expr], "xy")
    moves = [(0, (3.0, 4.0)), (1, (0.0,))]
    found = [*formulas.beside((2.0, 1.0), moves)]
    one = float(mpmath.sin(1))
    first, second = ([[float(v) for v in row] for row in rows] for rows in found)
    assert first == [pytest.approx([3 * one, 1.0]), pytest.approx([4 * one, 1.0])]
    assert second == [[0.0, 0.0]]
