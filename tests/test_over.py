"""Chunks come to what whole arrays come to."""

from __future__ import annotations

import contextlib
import itertools
import math
import random
from typing import Any

import pytest

from gradgen import over
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from tests.conftest import one_in
from tests.languages import test_c

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")
buffers = pytest.importorskip("gradgen.buffers")
Buffered = buffers.Buffered

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


def test_sums_of_many_chunks_keep_the_digits_of_single_precision() -> None:
    """Whether calls are noted or not, and where what chunks come to cancels, by a number in single precision beside doubles."""
    draw = np.random.default_rng(4)
    x, y = draw.uniform(0.05, 0.1, (2, 200_000)).astype(np.float32)
    signs = np.where(np.arange(200_000) < 100_000, 1.0, -1.0) - 1e-4
    a = np.float32(2.0)
    for reduce in ("", "sum", "mean"):
        made = compile("a*x + y", inputs="a, x, y", target="numpy", reduce=reduce)
        for columns in [(x, y)] if reduce == "mean" else [(x, y), (signs, x)]:
            value, (slope, *_) = made.value_and_grad(a, *columns)
            found, (other, *_) = made.over((a, *columns), chunk=50)
            near(found, value, 1e-6)
            near(other, slope, 1e-6)


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
        for wrong in (value, (value, slopes[:2]), (value[:5], slopes), (x, slopes), (value, (slopes[0], slopes[0], 0.0)), (value.astype(other), slopes), (np.ma.array(value.copy()), slopes)):  # fmt: skip
            with pytest.raises(GradgenError, match="what an earlier call"):
                made.over((x, y, 0.25), chunk=chunk, out=wrong)
    empty = made.over((x[:0], y[:0], 0.25))
    assert made.over((x[:0], y[:0], 0.25), out=empty)[0].shape == (0, 11)


@pytest.mark.parametrize("text", ["x", "y", "x*1", "x if a > 0 else y", "a", "3.0"])
def test_results_share_no_memory_with_inputs(text: str) -> None:
    """Of few rows too, so that the next call may write them anew."""
    made = compile(text, inputs="x, y, a", target="numpy")
    inputs = (*np.random.default_rng(2).uniform(-2, 2, (2, 3, 4)), 0.5)
    for chunk in (2, 5, 12, 100):
        before = made.over(inputs, chunk=chunk)
        assert not any(np.may_share_memory(x, end) for x in inputs for end in (before[0], *before[1]))  # fmt: skip
        found = made.over(inputs, chunk=chunk, out=before)
        assert found[0] is before[0] and np.array_equal(found[0], made.over(inputs)[0])


@pytest.mark.parametrize("reduce", ["", "sum"])
def test_what_the_caller_asks_of_overflow_changes_nothing(reduce: str) -> None:
    made = compile("a*exp(x) + x", inputs="x, a", target="numpy", reduce=reduce)
    x = np.linspace(-200, 200, 50, dtype=np.float32)
    for a in (1e300, 1e-300, 2.0):
        want = made.value_and_grad(x, a)
        with np.errstate(all="raise"):
            found = made.over((x, a), chunk=7)
        near(found[0], want[0], 1e-6)
        near(found[1][0], want[1][0], 1e-6)


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
        (None, 4, "a list or a tuple in their order"),
        ((row for row in (x, x)), 4, "a list or a tuple in their order"),
        ("xy", 4, "a list or a tuple in their order"),
        ({1: x}, 4, "there are values for 1"),
    )
    for arrays, chunk, says in wrong:
        with pytest.raises(GradgenError, match=says):
            made.over(arrays, chunk=chunk)
    value, _ = made.over(np.stack([x, x]), chunk=np.int64(4))
    assert value.tolist() == x.tolist()
    with pytest.raises(GradgenError, match="compile it with target numpy"):
        compile("x*y").over((x, x))
    with pytest.raises(GradgenError, match="several outputs"):
        compile("u = x*y; v = x", outputs="u, v", target="numpy").over((x, x))


_EDGES = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e300, 5e-324, 709.5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("first", "kind"), one_in(16, itertools.product(range(8), [np.float64, np.float32]))
)
def test_calls_into_arrays_that_are_used_again_come_to_the_same_bits(
    first: int, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the whole table, with numbers among the inputs, and at the edges; and all of it is of plain calls."""
    draw, noted = np.random.default_rng(first), 0
    reduce = "sum" if first % 3 == 0 else ""
    for text, names in [case for case in test_c.cases() if case[1]][first::8]:
        try:
            made = compile(text, inputs=names, target="numpy", reduce=reduce, proof=False)  # fmt: skip
        except GradgenError:
            continue
        inputs = [draw.uniform(-3, 3, 150).astype(kind) for _ in names]
        for column in inputs:
            with np.errstate(over="ignore"):
                column[::5] = draw.choice(_EDGES, 30).astype(kind)
        shared = [draw.random() < 0.3 for _ in names[1:]]
        inputs[1:] = [x[0] if one else x for x, one in zip(inputs[1:], shared)]
        monkeypatch.setattr(over, "_FEW", 3)
        found = made.over(inputs, chunk=37)
        monkeypatch.setattr(over, "_FEW", 10)
        want = made.over(inputs, chunk=37)
        parts = [
            made.value_and_grad(*(x[n : n + 37] if x.ndim else x for x in inputs))
            for n in range(0, 150, 37)
        ]
        for place, (one, other) in enumerate(zip((found[0], *found[1]), (want[0], *want[1]))):  # fmt: skip
            assert type(one) is type(other) and one.dtype == other.dtype
            if one.ndim == 0 and kind is np.float32:
                # The calls' sums are rounded once, those of the function in each chunk.
                shares: list[Any] = [(value, *slopes)[place] for value, slopes in parts]
                scale = sum(abs(float(share)) for share in shares)
                if np.isfinite(scale):
                    near = abs(float(one) - float(other)) <= np.finfo(kind).eps * scale
                    assert near, text
                continue
            np.testing.assert_array_equal(one, other, text)
            told = np.isnan(one)
            assert np.array_equal(np.signbit(one) | told, np.signbit(other) | told)
        few = [x[:2] if x.ndim else x for x in inputs]
        ends = [x if np.ndim(x) else None for x in (found[0], *found[1])]
        with contextlib.suppress(TypeError):  # of constants that are summed
            noted += bool(Buffered(made.value_and_grad, few, ends, 37))
    assert noted > 20


def test_what_is_no_plain_call_is_made_by_the_function_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = compile("exp(x) if x > 0 else x*y", target="numpy")
    x, y = np.random.default_rng(3).uniform(-2, 2, (2, 50))
    want = made.over((x, y), chunk=7)
    monkeypatch.setattr(buffers, "_BY_ELEMENT", ())
    with pytest.raises(TypeError, match="no plain call"):
        Buffered(made.value_and_grad, (x[:2], y[:2]), (x, x, y), 7)
    found = made.over((x, y), chunk=7)
    assert all(map(np.array_equal, (found[0], *found[1]), (want[0], *want[1])))
