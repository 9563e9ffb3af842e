"""Work grows in proportion to the formula: no stage before layout is quadratic, and no depth overflows."""

from __future__ import annotations

import gc
import math
import time

import pytest
import sympy as sp

from gradgen.core.program import Program
from gradgen.formula import Formula
from gradgen.functions import unevaluated
from gradgen.passes.flat import flatten
from gradgen.passes.gradient import branch, differentiate
from gradgen.passes.guard import guard
from gradgen.passes.names import name
from gradgen.passes.recognise import recognise
from gradgen.read.stage import stage
from gradgen.targets import PYTHON
from gradgen.write.module import render

SYMBOLS = [sp.Symbol(f"x{i}") for i in range(10)]


def chain(operations: int) -> sp.Expr:
    """Return sines in sines, `operations` deep."""
    node: sp.Expr = SYMBOLS[0]
    for _ in range(operations):
        node = unevaluated(sp.sin, node)
    return node


def wide(operations: int) -> sp.Expr:
    """Return one flat sum, a constant of its own in each term."""
    terms = []
    for i in range(operations // 2):
        angle = unevaluated(sp.Mul, SYMBOLS[i % 10], SYMBOLS[i * 7 % 10])
        terms.append(unevaluated(sp.Mul, sp.Integer(i + 2), angle))
    return unevaluated(sp.Add, *terms)


def mixed(operations: int) -> sp.Expr:
    """Return a tangle of sums, products and sines that share parts."""
    nodes: list[sp.Expr] = list(SYMBOLS)
    for i in range(operations):
        a, b = nodes[-1 - i * 7 % 10], nodes[-1 - i * 3 % 10]
        nodes.append(
            unevaluated(sp.sin, a)
            if i % 3 == 0
            else unevaluated((sp.Add, sp.Mul)[i % 2], a, b)
        )
    return unevaluated(sp.Add, *nodes[-20:])


def stages_before_layout(expr: sp.Expr) -> tuple[Program, float]:
    """Run every stage before layout; return the program and the seconds it took."""
    gc.collect()
    gc.disable()  # whose work depends on all that the process holds
    try:
        start = time.perf_counter()
        program = guard(recognise(stage(Formula("", expr))))
        program = branch(flatten(differentiate(program)))
        program = name(program, PYTHON.reserved, PYTHON.avoided)
        render(program, PYTHON, "")
        return program, time.perf_counter() - start
    finally:
        gc.enable()


@pytest.mark.parametrize("shape", [chain, wide, mixed])
def test_ten_thousand_operations_pass(shape: object) -> None:
    program, _ = stages_before_layout(shape(10_000))  # type: ignore[operator]
    assert len(program.lines) > 5_000


@pytest.mark.slow
@pytest.mark.parametrize("shape", [chain, wide, mixed])
def test_growth_is_linear(shape: object) -> None:
    """A measurement, not a proof: the exponent over two orders of magnitude, with room for a noisy machine."""
    stages_before_layout(shape(1_000))  # type: ignore[operator]
    points = []
    for operations in (1_000, 10_000, 100_000):
        program, seconds = min((stages_before_layout(shape(operations)) for _ in range(2)), key=lambda found: found[1])  # type: ignore[operator]
        points.append((len(program.lines), seconds))
        print(f"{shape.__name__}: {points[-1][0]} steps in {points[-1][1]:.2f} s")  # type: ignore[attr-defined]
    exponent = math.log(points[-1][1] / points[0][1]) / math.log(
        points[-1][0] / points[0][0]
    )
    print(f"{shape.__name__}: exponent {exponent:.2f}")  # type: ignore[attr-defined]
    assert exponent <= 1.15
