"""Where a function does not move its gradient is 0, and where a slope is infinite it raises: by hand, and against differences."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import mpmath
import pytest

from gradgen import compile
from gradgen.prove.exact import ExactFormula
from gradgen.read.programs import parse
from gradgen.write.words.conditions import raises
from gradgen.write.words.values import Words
from tests.conftest import one_in

CASES = [
    tuple(part.strip() for part in line.split("|"))
    for line in (Path(__file__).parent / "cases" / "flat.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
_ERRORS = (ArithmeticError, ValueError)


@pytest.mark.parametrize(("formula", "at", "value", "gradient"), CASES)
def test_the_gradient_of_what_does_not_move(
    formula: str, at: str, value: str, gradient: str
) -> None:
    point = {k.strip(): float(v) for k, v in (p.split("=") for p in at.split(","))}
    f = compile(formula, inputs=tuple(point), with_="jacobian")
    got, cache = f.forward(**point)
    assert math.isclose(got, float(value), rel_tol=1e-15, abs_tol=1e-300)
    if gradient == "raises":
        with pytest.raises(_ERRORS):
            f.backward(cache)
        return
    wanted = [float(slope) for slope in gradient.split(",")]
    assert list(f.backward(cache)) == pytest.approx(wanted, rel=1e-14, abs=0)
    (row,) = f.jacobian(*point.values())
    assert list(row) == pytest.approx(wanted, rel=1e-14, abs=0)


@pytest.mark.parametrize("power", [5, 8, 10, 14])
@pytest.mark.parametrize("roots", [*product((1 / 2, 1 / 3), repeat=2)])
def test_roots_of_a_power_are_flat_by_what_is_left_of_it(
    power: int, roots: tuple[float, float]
) -> None:
    text = f"abs(x)**{power}*(1 + y*y)"
    for root in roots:
        text = f"sqrt({text})" if root == 1 / 2 else f"cbrt({text})"
    _, cache = (f := compile(text)).forward(0.0, 1.0)
    if power * math.prod(roots) > 1:
        assert f.backward(cache) == (0.0, 0.0)
    else:
        with pytest.raises(_ERRORS):
            f.backward(cache)


def test_what_cannot_raise_is_not_listed() -> None:
    for text in ("sqrt(max(0, d))", "relu(x)**0.5", "x*x*sqrt(abs(x))", "cbrt(x if x != 0 else 0)"):  # fmt: skip
        assert raises(Words(compile(text).program)) == []
    for one, many in (("x**2", 0), ("x", 1)):
        over = compile(f"log(1 + sum({one}))", rows="x").program
        assert len(raises(Words(over))) == many
    for test, backward in ((">", 0), (">=", 1)):
        found = raises(Words(compile(f"sqrt(x if x {test} 0 else 0)").program))
        assert sum("backward" in entry for entry in found) == backward
    (line,) = raises(Words(compile("acos(min(y, 1))").program))[1:]
    assert (
        line
        == "ZeroDivisionError: backward, where abs(miny_1) = 1, if miny_1 != 1 (f)."
    )


def test_what_is_not_flat_is_written_as_ever() -> None:
    for text in (
        "sqrt(x)",
        "acos(x)",
        "sqrt(max(x, -5))",
        "y*x**0.5",
        "a*cbrt(b)",
        "y*sqrt(x/y)",
    ):
        ways = compile(text).program.ways
        assert ways and not any(way.alive or way.steep or way.moving for way in ways)


def test_the_gradient_inside_a_function_of_ones_own() -> None:
    f = compile("def root(u): return sqrt(max(u, 0))\ny = root(a)*b + root(a - b)")
    assert f.value_and_grad(-1.0, 2.0) == (0.0, (0.0, 0.0))
    g = compile("def rest(u): return sqrt(1 - u)\ny = rest(min(a, 1))*b")
    assert g.value_and_grad(3.0, 2.0) == (0.0, (0.0, 0.0))


# Random compositions of what holds and what is steep, against one-sided differences.

INPUTS = ("x", "y", "z")
_HOLD = ("max({0}, 0)", "relu({0})", "clip({0}, 0, 1)", "clip({0}, -1, 1)", "min({0}, 1)", "({0} if {0} > 0 else 0)", "max(0, {0})**2", "({1} if {0} > 1 else 0)", "clip({0}, 0, {1} + 0.3)", "max(clip({0}, -1, 1), {1} - 0.3)", "min(max({0}, 0), {1}**2 + 0.3)")  # fmt: skip
_CHOICES = ("({0} if {1} > 0 else {2})", "({2} if {1} > 0 else {0})")
_STEEP = ("sqrt({0})", "({0})**0.5", "({0})**0.75", "cbrt({0})", "asin({0})", "acos({0})", "sqrt(1 - {0})", "sqrt({0}*{1})", "sqrt({0} + {1}**2)", "sqrt(2*{0}**2*{1})", "sqrt({0})*{0}", "acosh(2 - {0})", "asin({0}/({1}/({1} + 3)))")  # fmt: skip
_AROUND = ("{0}", "{0}*{1}", "{0} + {1}", "max({0}, 0.5)", "3*{0} - {1}", "{0}/(1 + {1}**2)", "exp({0})", "{1}*{0}*{1}", "relu({0} - 1)", "{0}**2", "{0}*{1} if {1} > 0 else {0}")  # fmt: skip
_INNER = ("x", "(y - 1)", "(x*y)", "(x - z)", "(2*x)", "(x**2 - y)", "z")
_GRID = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)


def formulas(seed: int, count: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield formulas and points."""
    rng = random.Random(seed)
    for _ in range(count):
        inner = [rng.choice(_INNER) for _ in range(4)]
        held = rng.choice(_HOLD).format(inner[0], inner[1])
        if rng.random() < 0.3:
            held = rng.choice(_HOLD).format(held, inner[1])
        if rng.random() < 0.2:
            held = rng.choice(_CHOICES).format(held, inner[1], rng.choice(_INNER))
        text = rng.choice(_STEEP).format(held, inner[2])
        if rng.random() < 0.25:
            text = rng.choice(_INNER[:3]) + "*" + rng.choice(_STEEP).format(text, "z")
        text = rng.choice(_AROUND).format(f"({text})", inner[3])
        yield text, tuple(rng.choice(_GRID) for _ in INPUTS)


def sides(exact: ExactFormula, point: tuple[float, ...], place: int) -> list[float]:
    """Return the slopes on both sides, those that there are; infinite where the quotients grow."""
    found = []
    with mpmath.workdps(exact.digits):
        start = [mpmath.mpf(x) for x in point]
        value = exact._value(start)
        for sign in (1, -1):
            quotients: list[Any] = []
            for digits in (40, 60):
                moved = list(start)
                moved[place] += sign * mpmath.mpf(10) ** -digits
                beside = exact._value(moved)
                if beside is not None:
                    quotients.append((beside - value) / (moved[place] - start[place]))
            if len(quotients) == 2:
                near, nearer = quotients
                grows = abs(nearer) > 1000 * abs(near) + 1e5
                found.append(math.inf if grows else float(nearer))
    return found


def check(text: str, point: tuple[float, ...]) -> str:
    """Return what became of a formula at a point."""
    f = compile(text, inputs=INPUTS)
    exact = ExactFormula(parse(text).expr, INPUTS, 200)
    with mpmath.workdps(200):
        true = exact._value([mpmath.mpf(x) for x in point])
    try:
        _, cache = f.forward(*point)
    except _ERRORS:
        return "outside"
    if true is None:
        return "outside"
    slopes = [sides(exact, point, place) for place in range(3)]
    infinite = any(math.inf in found for found in slopes)
    try:
        gradient = f.backward(cache)
    except _ERRORS:
        smooth = all(len(found) == 2 and abs(found[0] - found[1]) < 1e-9 for found in slopes if found)  # fmt: skip
        return "raises" if infinite or not smooth else "raises for nothing"
    for got, found in zip(gradient, slopes):
        if not found:
            continue
        kink = len(found) == 2 and abs(found[0] - found[1]) > 1e-9
        low, high = min(found), max(found)
        assert kink or math.inf not in found, (text, point, got, found)
        if kink:
            low, high = (min(low, 0.0), math.inf) if math.inf in found else (low, high)
            low = -math.inf if math.inf in found else low
        slack = 1e-9 * (1 + abs(got))
        assert low - slack <= got <= high + slack, (text, point, got, found)
    return "right"


def test_random_compositions() -> None:
    outcomes = [(check(*case), *case) for case in formulas(1, 40)]
    right = [o for o in outcomes if o[0] == "right"]
    nothing = [o for o in outcomes if o[0] == "raises for nothing"]
    assert len(right) > 20
    assert len(nothing) < 3, nothing


@pytest.mark.slow
def test_many_random_compositions() -> None:
    outcomes = [(check(*case), *case) for case in formulas(2, 1000)]
    nothing = [o for o in outcomes if o[0] == "raises for nothing"]
    assert len(nothing) < 0.01 * len(outcomes), nothing


HELD = (
    "max({}, 0)",
    "relu({})**3",
    "2*min(max({}, 0), 1)",
    "(3*{0} if {0} > 0 else 0)",
    "y*relu({})",
)
STEEP = ("sqrt({})", "({})**0.5", "acos(1 - {})", "cbrt({})")


@pytest.mark.parametrize("seed", one_in(3, range(24)))
def test_functions_of_ones_own_hide_no_flatness(seed: int) -> None:
    """A program and the same with its parts behind names of functions have the same gradient, and neither raises."""
    rnd = random.Random(seed)
    held, steep = rnd.choice(HELD), rnd.choice(STEEP)
    lines = [
        f"def h(p, y): return {held.format('p')}",
        f"def s(p): return {steep.format('p')}",
        "def same(p): return p",
    ]
    written = steep.format(held.format("x"))
    called = rnd.choice(("s(h(x, y))", "s(same(h(x, y)))", steep.format("h(x, y)")))
    if rnd.random() < 0.4:
        limit = rnd.choice(("max(0.5, {})", "(7 if x < 3 else {})"))
        written, called = limit.format(written), limit.format(f"same({called})")
    names = ["x", "y"]
    plain = compile(f"{written} + y", inputs=names)
    other = compile("\n".join([*lines, f"{called} + y"]), inputs=names)
    for point in ((-2.0, 1.0), (-0.5, 0.25), (0.4, 0.5)):
        value, gradient = plain.value_and_grad(*point)
        got, slopes = other.value_and_grad(*point)
        assert got == pytest.approx(value)
        assert slopes == pytest.approx(gradient)
