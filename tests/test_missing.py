"""A slope that does not exist is nan in its own place and takes no other along; with --strict it raises."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path

import mpmath
import pytest

from gradgen.command.main import main
from gradgen.pipeline import compile
from gradgen.prove.exact import ExactFormula
from gradgen.read.programs import parse
from gradgen.write.words.conditions import raises, undefined
from gradgen.write.words.values import Words

_FILE = Path(__file__).parent / "cases" / "missing.txt"
CASES = [
    tuple(part.strip() for part in line.split("|"))
    for line in _FILE.read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
_ERRORS = (ArithmeticError, ValueError)


@pytest.mark.parametrize(("formula", "at", "value", "gradient"), CASES)
def test_one_missing_slope_leaves_the_others(
    formula: str, at: str, value: str, gradient: str
) -> None:
    point = {k.strip(): float(v) for k, v in (p.split("=") for p in at.split(","))}
    f, strict = (
        compile(formula, inputs=tuple(point), strict=s, with_="jacobian")
        for s in (False, True)
    )
    got, cache = f.forward(**point)
    assert math.isclose(got, float(value), rel_tol=1e-14)
    wanted = [float(slope) for slope in gradient.split(",")]
    found = pytest.approx(wanted, rel=1e-13, abs=0, nan_ok=True)
    assert list(f.backward(cache)) == found
    assert list(f.jacobian(*point.values())[0]) == found
    _, cache = strict.forward(**point)
    if any(map(math.isnan, wanted)):
        with pytest.raises(_ERRORS):
            strict.backward(cache)
    elif "0.0**" not in formula:
        assert list(strict.backward(cache)) == found


def test_the_docstring_says_where() -> None:
    words = Words(compile("x**n").program)
    (line,) = undefined(words)
    assert line == "the slope of x**n by n is nan where x < 0 (f)."
    assert not any("x < 0 (f)" in entry for entry in raises(words))
    assert "ValueError: backward, where x < 0 (f)." in raises(words, strict=True)
    (line,) = undefined(Words(compile("a + atan2(y, x)").program))
    assert line == "the slope of atan2(y, x) is nan where y = x = 0 (atanyx)."
    (line,) = undefined(Words(compile("a/x**n").program))
    assert line == "the slope of x**n by n is nan where x < 0 (den)."
    for text in ("abs(x)**y", "x**n if x > 0 else n", "x**2.5", "2**x"):
        assert undefined(Words(compile(text).program)) == []
    assert undefined(Words(compile("x**n", wrt="x").program)) == []
    own = compile("def g(x, n): return x**n\ny = g(a, b)*c")
    assert undefined(Words(own.program))


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "x**n", "--strict"]) == 0
    text = capsys.readouterr().out
    assert "# strict: yes\n" in text and "nan" not in text and "Undefined" not in text
    assert main(["compile", "x**n"]) == 0
    assert "\nUndefined:\n    the slope of x**n" in capsys.readouterr().out


# Random powers at whole exponents, against differences: where these have no real value, there is no slope.

INPUTS = ("x", "y", "n", "m")
_BASES = ("x", "y", "(x*y)", "(x - 2*y)", "(x**n)", "(y/x)", "(3*x - 1)")
_EXPONENTS = ("n", "m", "(n + m)", "(2*n)", "max(n, 2)", "(n*m)", "2")
_AROUND = ("{0}", "{0}*y", "{0} + n*x", "sin({0})", "({0} - {1})*m", "{0} if y > 0 else {1}", "{0}*{1}")  # fmt: skip


def formula(rng: random.Random) -> str:
    """Return a random formula of powers."""
    powers = [f"{rng.choice(_BASES)}**{rng.choice(_EXPONENTS)}" for _ in range(2)]
    return rng.choice(_AROUND).format(*powers)


def slope(exact: ExactFormula, point: Sequence[float], place: int) -> float | None:
    """Return a central difference; None where one side has no real value."""
    with mpmath.workdps(exact.digits):
        sides = []
        for step in (mpmath.mpf(10) ** -40, -(mpmath.mpf(10) ** -40)):
            moved = [mpmath.mpf(x) for x in point]
            moved[place] += step
            sides.append(exact._value(moved))
        if None in sides:
            return None
        return float((sides[0] - sides[1]) / (2 * mpmath.mpf(10) ** -40))


def check(text: str, point: Sequence[float]) -> str:
    """Return what became of a formula at a point."""
    f, strict = (compile(text, inputs=INPUTS, strict=s) for s in (False, True))
    exact = ExactFormula(parse(text).expr, INPUTS, 120)
    try:
        value, cache = f.forward(*point)
        gradient = f.backward(cache)
    except _ERRORS:
        return "raises"
    true = [slope(exact, point, place) for place in range(len(INPUTS))]
    for got, wanted in zip(gradient, true):
        if wanted is None:
            assert math.isnan(got) or got == 0.0, (text, point, gradient, true)
        elif "max" not in text and "n*m" not in text:
            assert math.isclose(got, wanted, rel_tol=1e-11, abs_tol=1e-11 * (1 + abs(value))), (text, point, gradient, true)  # fmt: skip
    try:
        assert strict.value_and_grad(*point) == (value, gradient)
    except _ERRORS:
        assert any(map(math.isnan, gradient)), (text, point, gradient)
        return "nan"
    return "right"


def run(seed: int, count: int) -> dict[str, int]:
    rng = random.Random(seed)
    found: dict[str, int] = {}
    for _ in range(count):
        point = [rng.choice((-2.0, -1.5, -0.5, 0.75, 3.0)) for _ in "xy"]
        point += [rng.choice((-2.0, -1.0, 1.0, 3.0)) for _ in "nm"]
        outcome = check(formula(rng), point)
        found[outcome] = found.get(outcome, 0) + 1
    return found


def test_random_powers() -> None:
    found = run(1, 20)
    assert found["nan"] > 5 and found["right"] > 2 and found.get("raises", 0) < 3


@pytest.mark.slow
def test_many_random_powers() -> None:
    assert run(2, 600)["nan"] > 200
