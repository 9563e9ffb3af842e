"""Huge and tiny numbers: a slope that has a double is that double, whatever its square or its reciprocal would be."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
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
from tests.conftest import many, one_in
from tests.rows import NUMERIC, calls_helper, has_text, modules
from tests.truth import WITH_SLOPES, derivative, function, plain

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
    turns: int = 5,
) -> None:
    """Compare a form's value and slopes with the truth, wherever its parts are normal doubles."""
    rnd = random.Random(text)
    for _ in range(turns):
        words = {"n": rnd.choice((2, 3, 4, 12)), "m": rnd.choice((2, 5)), "c": 2.5}
        exprs = [parse(p).expr for p in f"{text}; {parts}".format(**words).split(";")]
        compare(text.format(**words), exprs, points, lambda _: drawn(rnd), most)


def compare(
    text: str,
    exprs: Sequence[sp.Expr],
    points: int,
    drawn: Callable[[str], float],
    most: float,
) -> None:
    """Compare a formula's value and slopes with the truth at points where it, the first of the expressions, and the others are normal."""
    compiled = compile(text)
    names = compiled.program.inputs
    symbols = sp.symbols(names, real=True)
    swap = {sp.Symbol(s.name): s for s in symbols}
    exprs = [plain(expr.xreplace(swap)) for expr in exprs]
    inner = [function(expr, symbols) for expr in exprs]
    slopes = [function(derivative(exprs[0], s), symbols) for s in symbols]
    found = 0
    while found < points:
        point = [drawn(name) for name in names]
        if not all(is_normal(part(*point)) for part in inner):
            continue
        found += 1
        value, cache = compiled.forward(*point)
        assert agree(value, inner[0](*point), most), (text, point)
        for got, slope in zip(compiled.backward(cache), slopes):
            assert agree(got, slope(*point), most), (text, point, names)


@pytest.mark.parametrize(("text", "parts"), FORMS)
def test_quotients_of_any_magnitude(text: str, parts: str) -> None:
    check(text, parts, points=2, turns=2)


@pytest.mark.parametrize("turns", [2, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("text", "parts"), POWERS)
def test_quotients_over_powers_of_any_magnitude(
    text: str, parts: str, turns: int
) -> None:
    # pow and its logarithm are right to their own ulp.
    check(text, parts, points=5, drawn=usual, most=1e-13, turns=turns)


@pytest.mark.slow
@pytest.mark.parametrize(("text", "parts"), FORMS)
def test_quotients_at_many_magnitudes(text: str, parts: str) -> None:
    check(text, parts, points=100)


#: Rows that take numbers of any magnitude; the special functions have tests of their own.
PLAIN = [
    row for row in NUMERIC if has_text(row) and not (row.variable and calls_helper(row))
]


#: Removable singularities, whose slopes are helpers' that share out the range among several formulas. The truth of the Langevin function
#: cancels beyond these digits.
SHARED = [
    row
    for row in NUMERIC
    if row.arity == 1 and row not in PLAIN and row.name in WITH_SLOPES.split()
    if row.name not in ("langevin", "zeta")
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


@pytest.mark.parametrize("row", [*PLAIN, *SHARED], ids=lambda row: row.name)
def test_every_row_at_any_magnitude(row: Row) -> None:
    check_row(row, points=3)


@pytest.mark.slow
@pytest.mark.parametrize("row", [*PLAIN, *SHARED], ids=lambda row: row.name)
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


@pytest.mark.parametrize("seed", one_in(3, range(40)))
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


#: What sums under fraction bars are made of, and what is made of the sums.
TERMS = (
    "exp(u)",
    "{k}*exp(u)",
    "a*exp(v)",
    "exp(u)*exp(v)",
    "cosh(w)",
    "2**v",
    "expm1(w)",
    "x**{n}",
    "{k}*y**{n}",
    "a*x**{n}",
    "x**{n}*y**{m}",
    "(x*y)**{n}",
    "x**{n}/y",
    "x**{c}",
    "b",
    "1",
)
#: Of these alone, and constants.
PLAIN_TERMS = (
    "x*y",
    "{k}*a*b",
    "(x + y)**{n}",
    "a*(x + b)",
    "(a + b)**2",
    "2",
    "x**{n}",
)
OVER = (
    "1/({0})",
    "p/({0})",
    "3*(p/({0}))",
    "log(p/({0}))",
    "log(2**(v/{n})/({0}))",
    "log(cosh(w/{n})/(p*({0})))",
    "p/(q*({0}))",
    "p/({0})**{n}",
    "({0})**-{n}",
    "1/sqrt({0})",
    "p/sqrt({0})",
    "1/cbrt({0})",
    "p/({0})**{c}",
    "({0})**(-{k})",
    "p/(({0})*({1}))",
    "1/({0}) + 1/({1})",
    "p/({0}) + q",
)


def sums(rnd: random.Random) -> tuple[str, list[sp.Expr]]:
    """Return a quotient over sums, and what in it must be normal doubles, as the slopes of the sums' logarithms."""
    words = {"n": rnd.choice((2, 3, 4, 7)), "m": rnd.choice((2, 5)), "c": 2.5, "k": 3}
    chosen: list[list[str]] = []
    drawn: list[list[str]] = []
    while len(drawn) < 2:
        terms = rnd.sample(rnd.choice((TERMS, TERMS, PLAIN_TERMS)), rnd.choice((2, 3)))
        # A sum or a product that both read is not passed.
        same = any({*terms} & {*other} for other in chosen)
        if set(terms) - {"b", "1", "2"} and not same:
            chosen.append(terms)
            drawn.append([term.format(**words) for term in terms])
    over = rnd.choice(OVER)
    text = over.format(*map(" + ".join, drawn), **words)
    exprs = [parse(text).expr]
    exprs += sorted(exprs[0].atoms(sp.Mul, sp.Pow), key=str)
    for terms in drawn if "{1}" in over else drawn[:1]:
        whole = parse(" + ".join(terms)).expr
        exprs.append(whole)
        for term in [parse(term).expr for term in terms]:
            exprs += [term, *(term / part / whole for part in term.args if term.is_Mul)]
            exprs += [sp.diff(term, s) / whole for s in term.free_symbols]
    return text, exprs


def check_sums(count: int) -> None:
    rnd = random.Random(count)

    def drawn(name: str) -> float:
        if name in "uvw":
            return rnd.uniform(1e-3 if name == "w" else -650, 650)
        return 10 ** rnd.uniform(*rnd.choice(((-300, 300), (-75, 75), (-20, 20))))

    for _ in range(count):
        compare(*sums(rnd), points=3, drawn=drawn, most=1e-12)


def test_quotients_over_sums_of_any_magnitude() -> None:
    check_sums(15)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("x/(y + exp(x))", (400, 1)),
        ("(x + 1)/(y + exp(x))", (400, 1)),
        ("1/(1 + cosh(x))", (400,)),
        ("1/(1 + exp(x))**2", (300,)),
        ("1/sqrt(1 + exp(x))", (600,)),
        ("1/(1 + x**4)", (1e60,)),
        ("(1 + x**4)**y", (1e30, -2)),
        ("y/(x**2 + z**2)", (1e-100, 1, 1e-100)),
        ("1/(exp(x) + exp(y))", (400, 390)),
        ("1/sqrt(x*y)", (1e-150, 1e-150)),
        ("1/(x*y)**4", (1e-130, 1e200)),
        ("p*log(p/q)", (1, 1e-160)),
        ("1/(1 + (x - y)**2)", (1e90, 1e50)),
        ("1/(x*y + z*w)", (1e100, 1e-90, 1e99, 1e60)),
    ],
)
@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_slopes_past_sums(text: str, point: Sequence[float], style: str) -> None:
    compiled = compile(text, style=style)
    symbols = sp.symbols(compiled.program.inputs, real=True)
    expr = plain(parse(text).expr.xreplace({sp.Symbol(s.name): s for s in symbols}))
    _, cache = compiled.forward(*point)
    slopes = [function(derivative(expr, s), symbols) for s in symbols]
    (row,) = compiled.jacobian(*point)
    for got, same, slope in zip(compiled.backward(cache), row, slopes):
        assert agree(got, slope(*point), 1e-13) and agree(same, slope(*point), 1e-13)


@pytest.mark.slow
def test_many_quotients_over_sums() -> None:
    check_sums(many(1000))
