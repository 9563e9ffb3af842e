"""Real formulas with gold values. The lists lie beside the project on some machines; elsewhere these tests skip."""

from __future__ import annotations

import math

import pytest

from gradgen.cli import main
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from tests.conftest import formulas, gold, meta

#: What is not covered yet, by the construct that is missing.
MISSING = {
    "feynman": {},
    "fpbench": {"Piecewise": 5},
    "symreg": {"harmonic": 1},
    "optim": {},
}


def missing(expression: str, constructs: dict[str, int]) -> str | None:
    """Return the construct for which a formula is not covered."""
    return next((name for name in constructs if f"{name}(" in expression), None)


@pytest.mark.parametrize("name", list(MISSING))
def test_value_and_gradient_match_the_gold_values(name: str) -> None:
    rows, points, known = formulas(name), gold(name), meta(name)
    left: dict[str, int] = {}
    misses = []
    for row in rows:
        names = row["variables"].split(";")
        try:
            compiled = compile(row["expression"], inputs=names)
        except GradgenError:
            construct = missing(row["expression"], MISSING[name])
            assert construct is not None, row
            left[construct] = left.get(construct, 0) + 1
            continue
        for point in points[row["id"]]:
            error = gold_error(compiled, names, point)
            # The tolerance is 1e-12, but for a formula that no double-precision code can do better on.
            loss = known[row["id"]].get("sympy_float64_grad_rel_err") or 0
            condition = known[row["id"]].get("cond") or 0
            if not error <= max(1e-12, 8 * loss, 1e-15 * condition):
                misses.append((row["id"], point["point"], error))
    assert left == MISSING[name]
    assert misses == []


def gold_error(
    compiled: Compiled, names: list[str], point: dict[str, dict[str, str]]
) -> float:
    """Return the larger of the relative errors of the value and, norm-wise, of the gradient."""
    value, cache = compiled.forward(*(float(point["point"][n]) for n in names))
    gradient = compiled.backward(cache)
    # Scaling the upstream gradient by a power of two scales the gradient exactly.
    assert compiled.backward(cache, 2.0) == tuple(2.0 * g for g in gradient)
    true, slopes = float(str(point["value"])), [float(point["grad"][n]) for n in names]
    norm = math.sqrt(sum(s * s for s in slopes)) or 1.0
    error = math.sqrt(sum((g - s) ** 2 for g, s in zip(gradient, slopes))) / norm
    return max(error, abs(value - true) / (abs(true) or 1.0))


def test_the_physics_formulas_compile_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for row in formulas("feynman"):
        assert (
            main(
                [
                    "compile",
                    row["expression"],
                    "--inputs",
                    row["variables"].replace(";", ", "),
                ]
            )
            == 0
        ), row
        assert "def backward" in capsys.readouterr().out
