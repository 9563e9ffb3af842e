"""Published equations compile, and value and gradient are those of an evaluation that shares nothing with gradgen."""

from __future__ import annotations

import math

import mpmath
import pytest

from gradgen.pipeline import compile
from tests.conftest import one_in
from tests.equations import DIGITS, Equation, equations
from tests.pages import page

ALL = equations()
#: Units in the last place that the inputs' own rounding and some tens of operations may come to.
MOST = 1e-12


@pytest.mark.parametrize("equation", [pytest.param(*p.values, marks=p.marks, id=p.values[0].name) for p in one_in(8, ALL)])  # fmt: skip
def test_value_and_gradient_of_a_published_equation(equation: Equation) -> None:
    made = compile(equation.text, inputs=[*equation.ranges])
    assert not made.unproven
    for point in equation.points(3):
        value, gradient = made.value_and_grad(*point)
        with mpmath.workdps(DIGITS):
            true, slopes = equation.value(*point), equation.gradient(point)
            # What one unit in the last place of an input may change, no code can do better than.
            loose = sum(abs(s * x) for s, x in zip(slopes, point)) * 2**-52
            assert abs(value - true) <= MOST * abs(true) + 8 * loose, (point, value, true)  # fmt: skip
            norm = mpmath.norm([s * x for s, x in zip(slopes, point)])
            off = mpmath.norm([(g - s) * x for g, s, x in zip(gradient, slopes, point)])
            assert off <= MOST * 10 * norm, (point, gradient, slopes)
            assert all(map(math.isfinite, gradient))


def test_the_page_counts_them() -> None:
    assert f"over the {len(ALL)} published equations" in page("review")
    assert f"gradient of {len(ALL)} published equations" in page("accuracy")


def test_equations_are_many_and_each_says_where_it_stands() -> None:
    assert len(ALL) >= 300
    assert len({equation.name for equation in ALL}) == len(ALL)
    assert len({equation.text for equation in ALL}) == len(ALL)
    for equation in ALL:
        assert any(map(str.isdigit, equation.source)) and len(equation.source) >= 8
        assert all(low < high for low, high in equation.ranges.values())
