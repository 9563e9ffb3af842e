"""Real formulas with gold values. The lists lie beside the project on some machines; elsewhere these tests skip."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import pytest

from gradgen.command.main import main
from gradgen.pipeline import Compiled
from gradgen.prove.exact import DIGITS, ExactFormula
from gradgen.read.programs import parse
from tests.conftest import compiled, formulas, gold, meta

#: The points where the gradient misses the gold values by more than 1e-12, norm-wise: the formula, which of its points, how
#: large the error is, and how much the true gradient changes when one input moves by one unit in its last place. The second
#: is what no code can do better than whose inputs are doubles; these are sines of huge numbers, all of them.
MISSES = {
    ("fpbench/daisy/instantaneousCurrent", 0): (1.4e-11, 4.2e-11),
    ("fpbench/daisy/instantaneousCurrent", 1): (5.4e-11, 6.8e-11),
    ("fpbench/daisy/instantaneousCurrent", 2): (1.2e-12, 8.4e-12),
    ("dso/Korns-11", 0): (1.1e-11, 8.3e-11),
    ("dso/Korns-11", 1): (4.8e-12, 5.3e-11),
    ("dso/Livermore2-Vars5-14", 0): (3.2e-12, 3.5e-11),
    ("dso/Livermore2-Vars5-14", 2): (7.4e-11, 4.4e-10),
    ("dso/Livermore2-Vars5-21", 1): (8.6e01, 3.7e02),
    ("dso/Livermore2-Vars6-15", 1): (1.1e-12, 7.3e-12),
    ("dso/Livermore2-Vars6-18", 1): (2.6e00, 1.7e00),
    ("dso/Livermore2-Vars6-18", 2): (5.7e-04, 2.0e-03),
    ("dso/Livermore2-Vars6-21", 0): (1.6e00, 5.5e00),
    ("dso/Livermore2-Vars6-21", 1): (2.6e00, 2.5e00),
    ("dso/Livermore2-Vars6-21", 2): (1.3e-01, 2.1e00),
    ("dso/Livermore2-Vars7-12", 1): (7.4e-02, 2.2e00),
    ("dso/Livermore2-Vars7-14", 0): (2.1e-09, 8.0e-09),
    ("dso/Livermore2-Vars7-14", 1): (1.4e-07, 2.2e-07),
    ("dso/Livermore2-Vars7-14", 2): (6.7e-08, 6.9e-08),
    ("scipy/Ripple01", 2): (4.0e-12, 2.6e-12),
    ("scipy/Schaffer03", 0): (1.7e-12, 6.6e-12),
    ("scipy/Trigonometric02", 0): (1.1e-10, 2.2e-10),
    ("scipy/Trigonometric02", 1): (1.0e-09, 1.5e-09),
    ("scipy/Trigonometric02", 2): (5.3e-12, 2.2e-11),
    ("scipy/Weierstrass", 0): (1.0e-07, 3.3e-06),
    ("scipy/Weierstrass", 1): (1.9e-07, 4.0e-07),
    ("scipy/Weierstrass", 2): (2.8e-06, 2.6e-06),
}
SETS = ("feynman", "fpbench", "symreg", "optim")


@pytest.mark.parametrize(
    ("name", "every"),
    [
        ("feynman", 2),
        ("fpbench", 2),
        ("symreg", 6),
        ("optim", 9),
        pytest.param("feynman", 1, marks=pytest.mark.slow),
        pytest.param("fpbench", 1, marks=pytest.mark.slow),
        pytest.param("symreg", 1, marks=pytest.mark.slow),
        pytest.param("optim", 1, marks=pytest.mark.slow),
    ],
)
def test_value_and_gradient_match_the_gold_values(name: str, every: int) -> None:
    rows = formulas(name)[::every]
    points, known = gold(name), meta(name)
    for row in rows:
        names = row["variables"].split(";")
        made = compiled(row["expression"], row["variables"])
        assert made is not None, row["id"]
        for place, point in enumerate(points[row["id"]]):
            value, slope = errors(made, names, point)
            # The tolerance is 1e-12, but for a formula that no double-precision code can do better on.
            loss = known[row["id"]].get("sympy_float64_grad_rel_err") or 0
            condition = known[row["id"]].get("cond") or 0
            most = max(1e-12, 8 * loss, 1e-15 * condition)
            assert max(value, slope) <= most, (row["id"], point["point"])
            if slope > 1e-12:
                assert (row["id"], place) in MISSES, slope
                one_ulp = sensitivity(row["expression"], names, point)
                assert slope <= 2 * one_ulp, (row["id"], slope, one_ulp)


def errors(
    made: Compiled, names: list[str], point: dict[str, Any]
) -> tuple[float, float]:
    """Return the relative errors of the value and, norm-wise, of the gradient."""
    value, cache = made.forward(*(float(point["point"][n]) for n in names))
    gradient = made.backward(cache)
    # Scaling the upstream gradient by a power of two scales the gradient exactly.
    assert made.backward(cache, 2.0) == tuple(2.0 * g for g in gradient)
    true, slopes = float(point["value"]), [float(point["grad"][n]) for n in names]
    norm = math.sqrt(sum(s * s for s in slopes)) or 1.0
    error = math.sqrt(sum((g - s) ** 2 for g, s in zip(gradient, slopes))) / norm
    return abs(value - true) / (abs(true) or 1.0), error


def sensitivity(expression: str, names: list[str], point: dict[str, Any]) -> float:
    """Return by how much the true gradient changes, at most, where one input moves by one unit in the last place."""
    exact = ExactFormula(parse(expression, names).expr, names)
    at = [float(point["point"][n]) for n in names]
    here = exact.at(at, range(len(names))).slopes
    worst = 0.0
    for i in range(len(names)):
        moved = [*at[:i], math.nextafter(at[i], math.inf), *at[i + 1 :]]
        there = exact.at(moved, range(len(names))).slopes
        with mpmath.workdps(DIGITS):
            change = mpmath.norm([a - b for a, b in zip(there, here)])
            worst = max(worst, float(change / mpmath.norm(here)))
    return worst


def test_the_table_of_misses_is_plausible() -> None:
    assert all(error <= 2 * one_ulp for error, one_ulp in MISSES.values())


def test_the_physics_formulas_compile_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for row in formulas("feynman"):
        inputs = row["variables"].replace(";", ", ")
        assert main(["compile", row["expression"], "--inputs", inputs]) == 0, row
        assert "def backward" in capsys.readouterr().out
