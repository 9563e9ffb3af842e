"""Every row of the table is proven: its partials by SymPy, its texts by mpmath, its place in every target."""

from __future__ import annotations

import importlib.util
import math
import platform
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp

from gradgen.adjoints import differentiate
from gradgen.errors import GradgenError
from gradgen.ir import Const, Operand, Program, Ref, Step
from gradgen.names import name
from gradgen.ops import CALLS, OPS, Op, Partial
from gradgen.parse import parse
from gradgen.pipeline import _load, compile
from gradgen.render import render
from gradgen.stage import stage
from gradgen.targets import TARGETS, Target
from tests.truth import DIGITS, derivative, function, named_slopes, plain, ulps

ROWS = list(OPS.values())
#: Rows that take numbers to numbers; the others are conditions and the choice by one, which test_guard.py proves.
NUMERIC = [row for row in ROWS if not (row.boolean or row.truths)]
POSITIONS = [(row, i) for row in NUMERIC for i in range(row.arity) if row.partials[i]]
IDS = [f"{row.name}-{i}" for row, i in POSITIONS]

#: Rows whose last or first argument is a constant by construction, with constants worth trying.
CONSTANT: dict[str, tuple[int, tuple[Fraction | float, ...]]] = {
    "powi": (1, (Fraction(3), Fraction(4), Fraction(9), Fraction(-2), Fraction(-5))),
    "powr": (1, (2.5, 1.5, 0.75, -0.5, -2.7, 1 / 3, 0.1)),
    "expb": (0, (Fraction(2), Fraction(10), 0.5, 3.7)),
}


def constants(row: Op) -> list[dict[int, Fraction | float]]:
    """Return the choices of constant arguments for a row."""
    if row.name in CONSTANT:
        place, values = CONSTANT[row.name]
        return [{place: value} for value in values]
    for place, partial in enumerate(row.partials):
        if partial is None:
            low, high = row.sample[place]
            whole = range(math.ceil(low), math.floor(high) + 1)
            return [{place: Fraction(value)} for value in whole]
    return [{}]


def targets(row: Op) -> list[Target]:
    """Return the targets that spell a row in their own way and can be run here."""
    found = [TARGETS["python"]] if row.python else []
    if row.scipy and importlib.util.find_spec("scipy") is not None:
        found.append(TARGETS["scipy"])
    return found


def drawn(
    row: Op, fixed: dict[int, Fraction | float], rnd: random.Random
) -> list[Fraction | float]:
    """Return a point of the row's sample; where an argument counts by its sign alone, that is 0 at every other one."""
    point = [fixed.get(i, rnd.uniform(*r)) for i, r in enumerate(row.sample)]
    for place in row.flat_by:
        point[place] *= rnd.randrange(2)
    return point


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
        rule = row.partials[position]
        assert rule is not None
        value = plain(row.node(*args))
        true = function(
            derivative(plain(row.node(*symbols)), symbols[position]), symbols
        )
        ours = function(named_slopes(plain(rule(value, *args))), symbols)
        for _ in range(5):
            point = drawn(row, fixed, rnd)
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
    assert right is not None
    wrongs: list[Partial] = [lambda *a: right(*a) + 1]
    if row.moves_by(position):  # a multiple of 0 is no change
        wrongs.append(lambda *a: right(*a) * (1 + sp.Rational(1, 10**9)))
        wrongs.append(lambda *a: -right(*a))
    for wrong in wrongs:
        partials = (*row.partials[:position], wrong, *row.partials[position + 1 :])
        assert partial_error(replace(row, partials=partials), position) > 1e-10


def modules(
    row: Op, target: Target
) -> Iterator[tuple[Any, list[int], dict[int, Fraction | float]]]:
    """Yield the row alone as a generated module, for each choice of its constants."""
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
        yield _load(render(program, target, "")[0]), live, fixed


def accuracy(row: Op, points: int, target: Target) -> tuple[float, float]:
    """Return the largest error of the row's forward text and of its partials in the generated module, in ulp."""
    rnd = random.Random(row.name)
    forward = backward = 0.0
    symbols = sp.symbols("a b c", real=True)[: row.arity]
    expr = plain(row.node(*symbols))
    value = function(expr, symbols)
    slopes = [
        function(derivative(expr, s), symbols) if partial else None
        for s, partial in zip(symbols, row.partials)
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


def check_bounds(row: Op, points: int) -> None:
    """Print what a row's texts measure and hold them to its bounds, which hold for glibc; others are allowed an ulp more."""
    slack = 0.0 if platform.libc_ver()[0] == "glibc" else 1.0
    for target in targets(row):
        borrowed = row.python and target.name == "scipy"
        most = SCIPY_BOUNDS if borrowed else row.ulp
        got = accuracy(row, points, target)
        print(f"{row.name:12}{target.name:8}" + LINE.format(*got, *most))
        assert got[0] <= most[0] + slack and got[1] <= most[1] + slack, got


@pytest.mark.parametrize("row", NUMERIC, ids=lambda row: row.name)
def test_errors_stay_within_the_bounds(row: Op) -> None:
    check_bounds(row, points=20 if row.variable else 60)


@pytest.mark.slow
@pytest.mark.parametrize("row", NUMERIC, ids=lambda row: row.name)
def test_errors_stay_within_the_bounds_at_many_points(row: Op) -> None:
    # mpmath needs milliseconds for a special function.
    check_bounds(row, points=300 if row.variable else 3000)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_spelled_in_every_target_or_names_one(row: Op) -> None:
    for target in TARGETS.values():
        if target.spelling.template(row):
            assert all(
                re.search(rf"\{{{i}(:d)?\}}", target.spelling.template(row))
                for i in range(row.arity)
            )
            continue
        args = ", ".join("2" if i in row.whole else "xyz"[i] for i in range(row.arity))
        with pytest.raises(GradgenError, match="--target scipy"):
            compile(f"{row.name}({args})", target=target.name, wrt=())
    assert len(row.python_partials) in (0, row.arity)
    assert len(row.precise_partials) in (0, row.arity)
    assert len(row.partials) == (0 if row.boolean else row.arity)


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


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.precise_partials], ids=lambda row: row.name
)
def test_precise_partials_are_right_over_the_whole_range(row: Op) -> None:
    """To 4 ulp wherever the derivative is a normal double."""
    rnd = random.Random(row.name)
    target = TARGETS["python"]
    precise = replace(target, spelling=replace(target.spelling, precise=True))
    symbols = sp.symbols("a b", real=True)[: row.arity]
    expr = plain(row.node(*symbols))
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
    assert len({id(row.node) for row in ROWS}) == len(ROWS)
    assert all(name == row.name for name, row in OPS.items())


def test_fragments_tell_the_rows_apart() -> None:
    fragments = [row.fragment for row in ROWS if row.role != "pow"]
    assert len(set(fragments)) == len(fragments)
    for row in ROWS:
        assert all(
            f"{{{i}}}" in row.fragment
            for i in range(row.arity)
            if row.name != "where" or i == 1
        )
