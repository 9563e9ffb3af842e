"""Huge and tiny numbers: a slope that has a double is that double, whatever its square or its reciprocal would be."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath
import pytest
import sympy as sp

from gradgen.core.rows import Row
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.read.programs import parse
from gradgen.read.sympy.table import NODES
from gradgen.targets import TARGETS
from tests.rows import NUMERIC, calls_helper, has_text, modules
from tests.truth import derivative, function, plain

#: Normal doubles, and as far above and below as a first step may go that leaves the last one right.
SMALLEST, LARGEST = 1e-300, 1e300
DIGITS = 700

#: Quotients of all kinds, each with what stands in it: where all that is a normal double, so is the value.
FORMS = (
    ("1/x**{n}", "x**{n}"),
    ("x**-{n}", "x**{n}"),
    ("a/x**{n}", "x**{n}"),
    ("a*x**-{n}", "x**{n}"),
    ("x**{n}/y**{m}", "x**{n}; y**{m}"),
    ("x**-{n}*y**-{m}", "x**{n}; y**{m}; x**({n} + 1)"),
    ("a/(b*x)", "b*x"),
    ("a/(b*x**{n})", "x**{n}; b*x**{n}"),
    ("a*b/(-c*x**{n})", "a*b; x**{n}; c*x**{n}"),
    ("1/(b*c*x)", "b*c; b*c*x"),
    ("a/(b/x)", "b/x"),
    ("a/b/x", "a/b; b*x"),
    ("(a/x)**{n}", "a/x"),
    ("1/x", "x"),
    ("a/x", "x"),
    ("1/sqrt(x)", "x"),
    ("a/sqrt(x)", "x"),
    ("a/x**{c}", "x**{c}"),
    ("1/sqrt(x**2 + y**2)", "x; y; x/y"),
    ("a/sqrt(x**2 + y**2 + b**2)", "x; y; b; x/y; x/b; y/b"),
    ("sqrt(a**2 + b**2 + x**2 + y**2)", "a/b; a/x; a/y; b/x; b/y; x/y"),
    ("(x*x + (a**2 + b*b) + y**2)**0.5", "a/b; a/x; a/y; b/x; b/y; x/y"),
    ("sqrt(3*x**2 + y**2/{n})", "x; y; x/y"),
    ("sqrt((x**2 + y**2 + a**2)/{n})", "x; y; a; x/y; x/a; y/a"),
    ("a/sqrt(0.3*x**2 + (2*y)**2)", "x; y; a/x; a/y; x/y"),
    ("sqrt(x**4 + y**2)", "x**2; y; x**2/y; x**3; x**3/y"),
    ("sqrt(x**4*y**2/{n})", "x**2*y; x**2; x*y"),
    ("sqrt(1 + x**2)", "x"),
    ("log(a/x)", "a/x"),
    ("a/x + b/x", "a/x; b/x"),
)

#: The same of exponents, which are of usual size.
POWERS = (
    ("1/2**x", "2**x"),
    ("a/{c}**x", "{c}**x"),
    ("a/exp2(x)", "exp2(x)"),
    ("a/(b*10**x)", "10**x; b*10**x"),
    ("a/x**y", "x**y"),
    ("y/x**y", "x**y"),
    ("a/(b*x**y)", "x**y; b*x**y"),
    ("1/(x**y*exp2(a))", "x**y; exp2(a); x**y*exp2(a)"),
)


def size(rnd: random.Random) -> float:
    """Return a number of any magnitude."""
    return 10 ** rnd.uniform(*rnd.choice(((-300, 300), (-160, 160), (-20, 20))))


def usual(rnd: random.Random) -> float:
    """Return a number of usual size, with which powers are of any magnitude."""
    return rnd.choice((rnd.uniform(0, 1000), 10 ** rnd.uniform(-3, 3)))


def is_normal(value: Any) -> bool:
    return bool(SMALLEST < abs(value) < LARGEST)


def agree(got: float, true: Any, most: float) -> bool:
    """Whether a number is right to a relative error, or as small as the truth, or past the largest double as the truth."""
    if is_normal(true):
        return math.isfinite(got) and bool(abs(got - true) <= most * abs(true))
    return abs(got) <= 2 * SMALLEST if abs(true) <= SMALLEST else abs(got) >= LARGEST


def check(
    text: str,
    parts: str,
    points: int,
    drawn: Callable[[random.Random], float] = size,
    most: float = 1e-14,
) -> None:
    """Compare a form's value and slopes with the truth, wherever its parts are normal doubles."""
    rnd = random.Random(text)
    for _ in range(5):
        words = {"n": rnd.choice((2, 3, 4, 12)), "m": rnd.choice((2, 5)), "c": 2.5}
        compiled = compile(text.format(**words))
        names = compiled.program.inputs
        exprs = [parse(p).expr for p in f"{text}; {parts}".format(**words).split(";")]
        symbols = sp.symbols(names, real=True)
        swap = {sp.Symbol(s.name): s for s in symbols}
        exprs = [plain(expr.xreplace(swap)) for expr in exprs]
        inner = [function(expr, symbols) for expr in exprs]
        slopes = [function(derivative(exprs[0], s), symbols) for s in symbols]
        found = 0
        while found < points:
            point = [drawn(rnd) for _ in names]
            if not all(is_normal(part(*point)) for part in inner):
                continue
            found += 1
            value, cache = compiled.forward(*point)
            assert agree(value, inner[0](*point), most), (words, point)
            for got, slope in zip(compiled.backward(cache), slopes):
                assert agree(got, slope(*point), most), (words, point)


@pytest.mark.parametrize(("text", "parts"), FORMS)
def test_quotients_of_any_magnitude(text: str, parts: str) -> None:
    check(text, parts, points=2)


@pytest.mark.parametrize(("text", "parts"), POWERS)
def test_quotients_over_powers_of_any_magnitude(text: str, parts: str) -> None:
    # pow and its logarithm are right to their own ulp.
    check(text, parts, points=5, drawn=usual, most=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "parts"), FORMS)
def test_quotients_at_many_magnitudes(text: str, parts: str) -> None:
    check(text, parts, points=100)


#: Rows that take numbers of any magnitude; the special functions have tests of their own.
PLAIN = [
    row for row in NUMERIC if has_text(row) and not (row.variable and calls_helper(row))
]


def check_row(row: Row, points: int) -> None:
    """Compare a row's value and slopes with the truth at arguments of any magnitude, wherever that is a normal double."""
    rnd = random.Random(row.name)
    target = TARGETS["python"]
    precise = replace(target, precise=True)
    symbols = sp.symbols("a b c", real=True)[: row.arity]
    expr = plain(NODES[row.name](*symbols))
    true = [function(expr, symbols, DIGITS)]
    true += [function(derivative(expr, s), symbols, DIGITS) for s in symbols]
    for module, live, fixed in modules(row, precise):
        for _ in range(points):
            sign = (
                1
                if row.name in ("pow", "powr", "powi", "radicand")
                else rnd.choice((1, -1))
            )
            point = [fixed.get(i, sign * size(rnd)) for i in range(row.arity)]
            wanted = [_finite(f, point) for f in true]
            if wanted[0] is None or abs(wanted[0]) > LARGEST:
                continue
            value, cache = module.forward(*(point[i] for i in live))
            assert agree(value, wanted[0], 1e-13), point
            if any(wanted[i + 1] is None or abs(wanted[i + 1]) > LARGEST for i in live):
                continue
            for i, slope in zip(live, module.backward(cache)):
                assert agree(slope, wanted[i + 1], 1e-13), point


def _finite(true: Any, point: list[Any]) -> Any:
    """Return the truth, or None where there is none: outside of a domain, at a pole."""
    try:
        value = true(*point)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return value if mpmath.isfinite(value) else None


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.name)
def test_every_row_at_any_magnitude(row: Row) -> None:
    check_row(row, points=3)


@pytest.mark.slow
@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.name)
def test_every_row_at_many_magnitudes(row: Row) -> None:
    check_row(row, points=400)


CASES = [
    line.split(" | ")
    for line in (Path(__file__).parent / "cases" / "magnitudes.txt")
    .read_text("utf-8")
    .splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("text", "at", "value", "slopes"), CASES)
def test_cases(text: str, at: str, value: str, slopes: str) -> None:
    compiled = compile(text)
    got, cache = compiled.forward(*map(float, at.split()))
    found = got, *compiled.backward(cache)
    for one, true in zip(found, map(float, (value, *slopes.split())), strict=True):
        assert one == pytest.approx(true, rel=1e-13, abs=0) or one == true


#: Constants near the ends of what doubles can be, of which most products have none.
ENDS = ("5e-324", "1e-308", "1e-200", "1e200", "1e308", "3", "10")


@pytest.mark.parametrize("seed", range(40))
def test_constants_whose_products_have_no_double(seed: int) -> None:
    """They are left as they are written: no style fails at them, and all are right where the formula as written is."""
    rnd = random.Random(f"ends {seed}")
    text = "x"
    for _ in range(rnd.randrange(1, 4)):
        form = rnd.choice(("{0}*{1}", "{0}/{1}", "{1}*{0}", "({0})**2", "{1}/({0})", "({0} + y)*{1}"))  # fmt: skip
        text = form.format(text, rnd.choice(ENDS))
    names, expr = ("x", "y"), parse(text).expr
    symbols = sp.symbols(names, real=True)
    exprs = [plain(expr.xreplace({sp.Symbol(s.name): s for s in symbols}))]
    exprs += [derivative(exprs[0], symbol) for symbol in symbols]
    true = [function(each, symbols, DIGITS) for each in exprs]
    for style in ("textbook", "compact"):
        try:
            compiled = compile(text, style=style, inputs=names)
        except GradgenError as error:
            assert "outside the range of a float" in str(error), text
            continue
        for point in ((0.7, 0.3), (1e-150, 2e150), (3e130, 1e-120)):
            wanted = [f(*point) for f in true]
            try:
                value, cache = compiled.forward(*point)
                found = [value, *compiled.backward(cache)]
                both = compiled.value_and_grad(*point)
            except (OverflowError, ZeroDivisionError):
                continue
            if all(map(math.isfinite, found)) and is_normal(wanted[0]):
                assert agree(value, wanted[0], 1e-13), (text, point)
            assert both[0] == value or math.isclose(both[0], value, rel_tol=1e-13)
