"""Chunks come to what whole arrays come to."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from tests.conftest import one_in

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")

FORMULAS = (
    "x*sigmoid(y) + z",
    "exp(-x)*y**2 if z > 0.5 else hypot(x, y)",
    "max(x, y)*abs(z - 1)",
    "3.0",
)


def near(got: Any, want: Any, tolerance: float) -> None:
    """Hold numbers to others, with shapes and precision."""
    assert np.shape(got) == np.shape(want)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.parametrize(
    ("kind", "reduce"),
    one_in(2, itertools.product([np.float64, np.float32], ["", "sum", "mean"])),
)
def test_chunks_come_to_what_whole_arrays_come_to(kind: Any, reduce: str) -> None:
    rnd, draw = random.Random(2), np.random.default_rng(2)
    for text in FORMULAS:
        made = compile(text, inputs="x, y, z", target="numpy", reduce=reduce)
        for _ in range(6):
            shape = rnd.choice([(), (7,), (0,), (2, 3, 4), (101,)])
            inputs = [
                draw.uniform(-2, 2, shape if rnd.random() < 0.6 else ()).astype(kind)
                for _ in range(3)
            ]
            value, slopes = made.value_and_grad(*inputs)
            for chunk in (1, 3, 7, 200):
                got, gradient = made.over(inputs, chunk=chunk)
                tolerance = 1e-13 if kind is np.float64 else 1e-4
                near(got, value, tolerance)
                for one, other in zip(gradient, slopes, strict=True):
                    near(one, other, tolerance)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_arrays_of_an_earlier_call_are_written_anew(kind: Any) -> None:
    made = compile("x*sigmoid(y) + z", inputs="x, y, z", target="numpy")
    x, y, again = np.random.default_rng(5).uniform(-2, 2, (3, 10, 11)).astype(kind)
    for chunk in (7, 110, 200):
        before = made.over((x, x, 0.5), chunk=chunk)
        held = [before[0], *before[1][:2]]
        value, slopes = made.over((again, y, 0.25), chunk=chunk, out=before)
        assert value is held[0] and slopes[0] is held[1] and slopes[1] is held[2]
        want, gradient = made.over((again, y, 0.25), chunk=chunk)
        assert value.dtype == kind
        near(value, want, 0.0)
        for one, other in zip(slopes, gradient, strict=True):
            near(one, other, 0.0)
        other = np.float32 if kind is np.float64 else np.float64
        for wrong in (value, (value, slopes[:2]), (value[:5], slopes), (x, slopes), (value, (slopes[0], slopes[0], 0.0)), (value.astype(other), slopes)):  # fmt: skip
            with pytest.raises(GradgenError, match="what an earlier call"):
                made.over((x, y, 0.25), chunk=chunk, out=wrong)
    empty = made.over((x[:0], y[:0], 0.25))
    assert made.over((x[:0], y[:0], 0.25), out=empty)[0].shape == (0, 11)


def test_inputs_are_given_by_name_and_have_defaults() -> None:
    made = compile("a*x**k", inputs="x, a, k", wrt="a", defaults={"k": 2.0}, target="numpy")  # fmt: skip
    value, (slope,) = made.over({"a": 2.0, "x": np.arange(5.0)}, chunk=2)
    assert value.tolist() == [0.0, 2.0, 8.0, 18.0, 32.0]
    assert slope == 30.0


def test_what_is_no_chunk_of_rows_is_refused() -> None:
    made = compile("x*y", target="numpy")
    x = np.ones(10)
    wrong: tuple[tuple[Any, Any, str], ...] = (
        ((x,), 4, "there are values for 1; the inputs are x, y"),
        ((x, x, x), 4, "there are values for 3"),
        ({"x": x, "z": x}, 4, "there are values for x, z"),
        ((x, x[:5]), 4, "arrays of one shape"),
        ((x, x), 0, "at least 1"),
        ((x, x), 2.5, "at least 1"),
    )
    for arrays, chunk, says in wrong:
        with pytest.raises(GradgenError, match=says):
            made.over(arrays, chunk=chunk)
    with pytest.raises(GradgenError, match="compile it with target numpy"):
        compile("x*y").over((x, x))
    with pytest.raises(GradgenError, match="several outputs"):
        compile("u = x*y; v = x", outputs="u, v", target="numpy").over((x, x))
