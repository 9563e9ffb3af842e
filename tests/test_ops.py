"""Every row of the table is proven: its partials by SymPy, its texts by mpmath, its place in every target."""

from __future__ import annotations

import math
import platform
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import pytest
import sympy as sp

from gradgen.core.notation import CONSTANTS, term
from gradgen.core.rows import Row, Term
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.programs import parse
from gradgen.read.sympy.stage import stage
from gradgen.read.sympy.table import CALLS, NODES
from gradgen.targets import PYTHON, SCIPY, TARGETS
from gradgen.write.languages.python import HELPERS
from gradgen.write.target import Target
from gradgen.write.templates import helpers
from tests import truth
from tests.rows import (
    ALL,
    CONSTANT,
    NUMERIC,
    constants,
    drawn,
    has_text,
    modules,
    targets,
    words_in,
)
from tests.truth import DIGITS, derivative, function, meant, plain, ulps

KINDS = ("adjoints", "precise", "strict", "over", "over_strict")
#: The adjoints of the table: by row, option and argument. An exponent that is a constant has none past a denominator.
RULES = [
    (row, kind, place)
    for row in ALL
    for kind in KINDS
    for place in (range(row.arity) if getattr(row, kind) or kind == "adjoints" else ())
    if not row.boolean and place not in row.truths
    if kind != "adjoints" or row.adjoint(place) is not None
    if not kind.startswith("over") or row.over[place] or CONSTANT[row.name][0] != place
]
RULE_IDS = [f"{row.name}-{kind}-{place}" for row, kind, place in RULES]
BODIES = [row for row in ALL if row.body]
#: Beyond this a text says something else, because exp overflows; that is the same number to far more than 50 digits.
FAR = (720.0, 1100.0)
FAR_DIGITS = 1200
#: A text that is so far off is wrong.
SPOILED = 1e-10


@cache
def truths(name: str, place: int | None, choice: bool, digits: int) -> list[Any]:
    """Return a row's value and its derivative by an argument as functions; its condition, if it has one, is `choice`."""
    row = ROWS[name]
    symbols = sp.symbols("a b c", real=True)[: row.arity]
    args = [
        sp.true if i in row.truths and choice else sp.false if i in row.truths else s
        for i, s in enumerate(symbols)
    ]
    expr = plain(NODES[name](*args))
    exprs = [expr] if place is None else [expr, derivative(expr, symbols[place])]
    return [function(e, symbols, digits) for e in exprs]


def points(
    row: Row, fixed: Mapping[int, Any], text: Term | str, rnd: random.Random
) -> Iterator[tuple[list[Any], int, bool]]:
    """Yield points, each with the digits it takes and whether the row must have a value there: of the sample and beside it."""
    numbers = [at.data for at in words_in(term(text or "0"))]
    far = any(isinstance(n, (Fraction, float)) and not -300 < n < 300 for n in numbers)
    for count in range(5):
        point = drawn(row, fixed, rnd)
        yield point, DIGITS, True
        if count < 2:
            yield [fixed.get(i, -x) for i, x in enumerate(point)], DIGITS, False
    for sign in (-1, 1) if far else ():
        at = [fixed.get(i, sign * rnd.uniform(*FAR)) for i in range(row.arity)]
        yield at, FAR_DIGITS, False


def error(
    row: Row,
    text: Term | str,
    place: int | None,
    kind: str = "body",
    enough: float = math.inf,
) -> float:
    """Return the largest relative difference of a text from what SymPy says, over random points; or one that is `enough`."""
    rnd = random.Random(f"{row.name} {kind} {place}")
    worst = 0.0
    compared = 0
    for fixed in constants(row):
        choice = bool(row.truths) and bool(fixed[row.truths[0]])
        for point, digits, sure in points(row, fixed, text, rnd):
            try:
                found = [f(*point) for f in truths(row.name, place, choice, digits)]
                out, wanted = found[0], found[-1]
            except (ArithmeticError, RecursionError, TypeError, ValueError):
                assert not sure
                continue
            if not (mpmath.isfinite(out) and max(abs(wanted), abs(out)) < 1e308):
                assert not sure
                continue
            with mpmath.workdps(digits):
                exact = (x if isinstance(x, bool) else Fraction(x) for x in point)
                scope = {
                    param: x if isinstance(x, bool) else mpmath.mpf(x.numerator) / x.denominator
                    for param, x in zip(row.params, exact)
                }  # fmt: skip
                if place is not None:
                    scope |= {"d": mpmath.mpf(rnd.uniform(1, 3)), "out": out}
                    wanted *= scope["d"]
                if kind.startswith("over"):
                    above = mpmath.mpf(rnd.uniform(1, 3))
                    scope |= {"out": above / out, "den": out}
                    wanted *= -above / out**2
                got = meant(text or "0", scope)
                worst = max(worst, float(abs(got - wanted) / (abs(wanted) or 1)))
                compared += 1
                if worst > enough:
                    return worst
    assert compared >= 5
    return worst


@pytest.mark.parametrize(("row", "kind", "place"), RULES, ids=RULE_IDS)
def test_an_adjoint_is_the_derivative(row: Row, kind: str, place: int) -> None:
    texts = getattr(row, kind)
    assert error(row, texts[place] if texts else "", place, kind) < 1e-40


@pytest.mark.parametrize(("row", "kind", "place"), RULES, ids=RULE_IDS)
def test_a_spoiled_adjoint_is_caught(row: Row, kind: str, place: int) -> None:
    texts = getattr(row, kind)
    right = texts[place] if texts else ""
    wrongs = [f"({right or 0}) + d"]
    if right:  # a multiple of 0 is no change
        wrongs += [f"({right})*(1 + 1e-9)", f"-({right})"]
    for wrong in wrongs:
        assert error(row, wrong, place, kind, SPOILED) > SPOILED, wrong


@pytest.mark.parametrize("row", BODIES, ids=lambda row: row.name)
def test_a_body_means_the_operation(row: Row) -> None:
    assert error(row, row.body, None) < 1e-40
    for wrong in (f"({row.body}) + 1", f"({row.body})*(1 + 1e-9)"):
        assert error(row, wrong, None, "body", SPOILED) > SPOILED, wrong


def accuracy(row: Row, points: int, target: Target) -> tuple[float, float]:
    """Return the largest error of the row's forward text and of its partials in the generated module, in ulp."""
    rnd = random.Random(row.name)
    forward = backward = 0.0
    symbols = sp.symbols("a b c", real=True)[: row.arity]
    expr = plain(NODES[row.name](*symbols))
    value = function(expr, symbols)
    slopes = [
        None if adjoint is None else function(derivative(expr, s), symbols)
        for s, adjoint in zip(symbols, row.adjoints or ("",) * row.arity)
    ]
    for module, live, fixed in modules(row, target):
        for _ in range(points):
            point = drawn(row, fixed, rnd)
            got, cache = module.forward(*(point[i] for i in live))
            forward = max(forward, ulps(got, value(*point)))
            for i, slope in zip(live, module.backward(cache)):
                true = slopes[i]
                assert true is not None
                backward = max(backward, ulps(slope, true(*point)))
    return forward, backward


LINE = "value {:6.2f} ulp, partials {:8.2f} ulp; bounds {:g}, {:g}"

#: What SciPy's versions are held to, where the row's own bound is that of our text.
SCIPY_BOUNDS = (1000.0, 20_000.0)


def check_bounds(row: Row, points: int) -> None:
    """Print what a row's texts measure and hold them to its bounds, which hold for glibc; others are allowed an ulp more."""
    slack = 0.0 if platform.libc_ver()[0] == "glibc" else 1.0
    for target in targets(row):
        borrowed = has_text(row) and target.name == "scipy"
        most = SCIPY_BOUNDS if borrowed else row.ulp
        got = accuracy(row, points, target)
        print(f"{row.name:12}{target.name:8}" + LINE.format(*got, *most))
        assert got[0] <= most[0] + slack and got[1] <= most[1] + slack, got


@pytest.mark.parametrize("row", NUMERIC, ids=lambda row: row.name)
def test_errors_stay_within_the_bounds(row: Row) -> None:
    check_bounds(row, points=6 if row.variable else 40)


@pytest.mark.slow
@pytest.mark.parametrize("row", NUMERIC, ids=lambda row: row.name)
def test_errors_stay_within_the_bounds_at_many_points(row: Row) -> None:
    # mpmath needs milliseconds for a special function.
    check_bounds(row, points=300 if row.variable else 3000)


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_every_row_is_spelled_in_every_target_or_names_one(row: Row) -> None:
    for target in TARGETS.values():
        words = target.language.words
        if row.name in words:
            places = {p for p in words[row.name].pieces if isinstance(p, int)}
            assert places == {*range(row.arity)}
        if has_text(row, words):
            continue
        args = ", ".join("2" if i in row.whole else "xyz"[i] for i in range(row.arity))
        lacks = re.escape(f"{row.name} {target.language.lacking}")
        for ieee in (False, True):
            with pytest.raises(GradgenError, match=lacks):
                compile(f"{row.name}({args})", target=target.name, wrt=(), ieee=ieee)
    for kind in KINDS:
        assert len(getattr(row, kind)) in (0, row.arity)
    assert not row.boolean or not row.adjoints
    assert has_text(row, SCIPY.language.words)


def texts_of(row: Row) -> Iterator[tuple[Term, set[str]]]:
    """Yield all that the table says of a row in formulas, each with the names that it may read."""
    params = {*row.params}
    if row.body:
        yield term(row.body), params
    for kind in KINDS:
        known = params | {"d", "out"} | ({"den"} if kind.startswith("over") else set())
        for text in filter(None, getattr(row, kind)):
            yield term(text), known


@pytest.mark.parametrize(
    "row", [*ROWS.values(), *COMPOSITIONS.values()], ids=lambda row: row.name
)
def test_texts_read_and_call_what_there_is(row: Row) -> None:
    assert not {*row.params} & {*CONSTANTS, "d", "out", "den"}
    for text, names in texts_of(row):
        for at in words_in(text):
            if at.op == "name":
                assert at.data in names
            elif at.op == "const":
                assert not isinstance(at.data, str) or at.data in CONSTANTS
            elif at.op == "**":
                assert len(at.args) == 2
            else:
                assert len(at.args) == ROWS[at.op].arity, at.op
                if (
                    row.name in ROWS
                ):  # what a module says, a language must have a word for
                    target = TARGETS["numpy"] if ROWS[at.op].level else SCIPY
                    words = target.language.words
                    assert has_text(ROWS[at.op], words) or at.op == "lowers"


def test_rows_of_helpers_are_what_texts_call() -> None:
    every = [*ROWS.values(), *COMPOSITIONS.values()]
    called = {at.op for row in every if not getattr(row, 'level', '') for text, _ in texts_of(row) for at in words_in(text)}  # fmt: skip
    rows = {row.name for row in ROWS.values() if row.helper and not row.level}
    assert rows == {op for op in called if op in ROWS} - {row.name for row in ALL}
    assert rows == {*truth.HELPERS, "lowers"}
    # An exponent is a constant, so that one is decided before there is a text.
    assert {name for name in rows if name not in PYTHON.language.words} == {"lowers"}


def test_helpers_have_a_file_and_files_a_use() -> None:
    files = helpers(PYTHON)
    plain, special = PYTHON.language, SCIPY.language
    words = [*plain.words.values(), *special.words.values(), *plain.often.values()]
    pieces = "".join(f" {p}" for w in words for p in w.pieces if isinstance(p, str))
    reached = {name for name in re.findall(r" (_\w+)\(", pieces)}
    assert reached <= {*files}
    todo = [*reached]
    for name in todo:
        inner = {n for n in re.findall(r"\b(_\w+)\(", files[name]) if n in files}
        todo += inner - reached
        reached |= inner
    assert reached == {*files} == {*HELPERS}
    for name, text in files.items():
        assert f"def {name}(" in text


def test_rounded_numbers_are_the_nearest_doubles() -> None:
    for number, exact in truth.ROUNDED.items():
        assert number == float(sp.N(exact, DIGITS))


@pytest.mark.parametrize("called", CALLS)
def test_every_accepted_name_reads_as_its_row(called: str) -> None:
    row = CALLS[called]
    args = [
        f"{'xyz'[i]} > 0" if i in row.truths else "2" if i in row.whole else "xyz"[i]
        for i in range(row.arity)
    ]
    text = f"{called}({', '.join(args)})"
    program = stage(
        parse(f"({text}) + 1" if not row.boolean else f"1 if {text} else x")
    )
    assert row.name in [step.op for step in program.steps]


@pytest.mark.parametrize("row", [r for r in ALL if r.precise], ids=lambda row: row.name)
def test_precise_partials_are_right_over_the_whole_range(row: Row) -> None:
    """To 4 ulp wherever the derivative is a normal double."""
    rnd = random.Random(row.name)
    target = PYTHON
    precise = replace(target, precise=True)
    symbols = sp.symbols("a b", real=True)[: row.arity]
    expr = plain(NODES[row.name](*symbols))
    slopes = [function(derivative(expr, s), symbols, digits=700) for s in symbols]
    ((module, _, _),) = modules(row, precise)
    for _ in range(400):
        width = 10.0 ** rnd.uniform(-3, 3)
        point = [rnd.uniform(-width, width) for _ in symbols]
        _, cache = module.forward(*point)
        for got, slope in zip(module.backward(cache), slopes):
            true = slope(*point)
            if abs(true) > 2.3e-308:
                assert ulps(got, true) <= 4.0, point
            else:
                assert abs(got) <= 2.3e-308, point


def test_rows_are_told_apart() -> None:
    assert {*NODES} == {row.name for row in ROWS.values() if not row.helper}
    assert len({id(node) for node in NODES.values()}) == len(NODES)
    for table in (ROWS, COMPOSITIONS):
        assert all(name == row.name for name, row in table.items())


def test_fragments_tell_the_rows_apart() -> None:
    fragments = [row.fragment for row in ALL if row.role != "pow"]
    assert len(set(fragments)) == len(fragments)
    for row in ALL:
        assert all(
            f"{{{i}}}" in row.fragment
            for i in range(row.arity)
            if row.name != "where" or i == 1
        )
