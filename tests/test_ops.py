"""Every row of the table is proven: its partials by SymPy, its texts by mpmath, its place in every target."""

from __future__ import annotations

import platform
import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp

from gradgen.differentiate import differentiate
from gradgen.ir import Const, Operand, Program, Ref, Step
from gradgen.names import name
from gradgen.ops import CALLS, OPS, Op, Partial
from gradgen.parse import parse
from gradgen.pipeline import _load
from gradgen.render import render
from gradgen.stage import stage
from gradgen.targets import TARGETS
from tests.truth import DIGITS, derivative, function, plain, ulps

ROWS = list(OPS.values())
POSITIONS = [(row, i) for row in ROWS for i in range(row.arity)]
IDS = [f"{row.name}-{i}" for row, i in POSITIONS]

#: Rows whose last or first argument is a constant by construction, with constants worth trying.
CONSTANT: dict[str, tuple[int, tuple[Fraction | float, ...]]] = {
    "powi": (1, (Fraction(3), Fraction(4), Fraction(9))),
    "powr": (1, (2.5, 1.5, 0.75, -0.5, -2.7, 1 / 3, 0.1)),
    "expb": (0, (Fraction(2), Fraction(10), 0.5, 3.7)),
}


def constants(row: Op) -> list[dict[int, Fraction | float]]:
    """Return the choices of constant arguments for a row."""
    if row.name not in CONSTANT:
        return [{}]
    place, values = CONSTANT[row.name]
    return [{place: value} for value in values]


def partial_error(row: Op, position: int) -> float:
    """Return the largest relative difference between a row's partial and SymPy's derivative, over random points."""
    rnd = random.Random(f"{row.name} {position}")
    worst = 0.0
    symbols = sp.symbols("a b c", real=True)[: row.arity]
    for fixed in constants(row):
        exact = {
            i: sp.Rational(Fraction(v).numerator, Fraction(v).denominator)
            for i, v in fixed.items()
        }
        args = [exact.get(i, s) for i, s in enumerate(symbols)]
        value = plain(row.node(*args))
        true = function(
            derivative(plain(row.node(*symbols)), symbols[position]), symbols
        )
        ours = function(plain(row.partials[position](value, *args)), symbols)
        for _ in range(5):
            point = [fixed.get(i, rnd.uniform(*r)) for i, r in enumerate(row.sample)]
            with mpmath.workdps(DIGITS):
                wanted = true(*point)
                worst = max(
                    worst, float(abs(ours(*point) - wanted) / (abs(wanted) or 1))
                )
    return worst


@pytest.mark.parametrize(("row", "position"), POSITIONS, ids=IDS)
def test_partial_is_the_derivative(row: Op, position: int) -> None:
    assert partial_error(row, position) < 1e-40


@pytest.mark.parametrize(("row", "position"), POSITIONS, ids=IDS)
def test_a_spoiled_partial_is_caught(row: Op, position: int) -> None:
    right = row.partials[position]
    wrongs: list[Partial] = [lambda *a: right(*a) + 1]
    if not row.flat:  # a multiple of 0 is no change
        wrongs.append(lambda *a: right(*a) * (1 + sp.Rational(1, 10**9)))
        wrongs.append(lambda *a: -right(*a))
    for wrong in wrongs:
        partials = (*row.partials[:position], wrong, *row.partials[position + 1 :])
        assert partial_error(replace(row, partials=partials), position) > 1e-10


def modules(row: Op) -> Iterator[tuple[Any, list[int], dict[int, Fraction | float]]]:
    """Yield the row alone as a generated module, for each choice of its constants."""
    target = TARGETS["python"]
    for fixed in constants(row):
        live = [i for i in range(row.arity) if i not in fixed]
        args: list[Operand] = [
            Const(fixed[i]) if i in fixed else Ref(live.index(i))
            for i in range(row.arity)
        ]
        inputs = tuple("xyz"[i] for i in live)
        program = Program(
            inputs,
            (Step(row.name, tuple(args)),),
            (("f", Ref(len(live))),),
            tuple(range(len(live))),
        )
        program = name(differentiate(program), target.reserved, target.avoided)
        yield _load(render(program, target, "")), live, fixed


def accuracy(row: Op, points: int) -> tuple[float, float]:
    """Return the largest error of the row's forward text and of its partials in the generated module, in ulp."""
    rnd = random.Random(row.name)
    forward = backward = 0.0
    symbols = sp.symbols("a b c", real=True)[: row.arity]
    expr = plain(row.node(*symbols))
    value = function(expr, symbols)
    slopes = [function(derivative(expr, s), symbols) for s in symbols]
    for module, live, fixed in modules(row):
        for _ in range(points):
            point = [fixed.get(i, rnd.uniform(*r)) for i, r in enumerate(row.sample)]
            got, cache = module.forward(*(point[i] for i in live))
            forward = max(forward, ulps(got, value(*point)))
            for i, slope in zip(live, module.backward(cache)):
                backward = max(backward, ulps(slope, slopes[i](*point)))
    return forward, backward


def bounds(row: Op) -> tuple[float, float]:
    """Return the row's bounds. They were measured with glibc; other C libraries are allowed an ulp more."""
    slack = 0.0 if platform.libc_ver()[0] == "glibc" else 1.0
    return row.ulp[0] + slack, row.ulp[1] + slack


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_errors_stay_within_the_bounds(row: Op) -> None:
    forward, backward = accuracy(row, points=100)
    most = bounds(row)
    assert forward <= most[0] and backward <= most[1], (forward, backward)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_errors_stay_within_the_bounds_at_many_points(row: Op) -> None:
    forward, backward = accuracy(row, points=5000)
    most = bounds(row)
    assert forward <= most[0] and backward <= most[1], (forward, backward)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_every_row_is_spelled_in_every_target(row: Op, target: Any) -> None:
    assert target.spelling.template(row).count("{0}") > 0
    assert len(row.sample) == row.arity
    assert len(row.python_partials) in (0, row.arity)


@pytest.mark.parametrize("called", CALLS)
def test_every_accepted_name_reads_as_its_row(called: str) -> None:
    row = CALLS[called]
    program = stage(parse(f"{called}({', '.join('xyz'[: row.arity])})"))
    assert [step.op for step in program.steps] == [row.name]


def test_rows_are_told_apart() -> None:
    assert len({id(row.node) for row in ROWS}) == len(ROWS)
    assert all(name == row.name for name, row in OPS.items())


def test_fragments_tell_the_rows_apart() -> None:
    fragments = [row.fragment for row in ROWS if row.role != "pow"]
    assert len(set(fragments)) == len(fragments)
    for row in ROWS:
        assert all(f"{{{i}}}" in row.fragment for i in range(row.arity))
