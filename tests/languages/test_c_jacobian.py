"""Jacobians of rows in C, compiled with all warnings as errors, are those of the same modules in NumPy and, at each row, in plain Python."""

from __future__ import annotations

import ctypes
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import compile, regenerate
from tests.conftest import one_in
from tests.languages.test_c_rows import built
from tests.languages.test_rows import COLUMNS, NUMBERS, Drawn

np = pytest.importorskip("numpy")
pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
ROWS = 7


def slopes(made: Any, folder: Path, given: list[Any], results: int) -> list[Any]:
    """Return what `jacobian` sets, of each result an array of the shape (rows, parameters)."""
    (module,) = built([made], folder)
    width = len(made.program.wrt)
    found = [np.full((ROWS, width), np.nan) for _ in range(results)]
    doubles = ctypes.POINTER(ctypes.c_double)
    parts = [
        ctypes.c_double(one) if isinstance(one, float) else one.ctypes.data_as(doubles)
        for one in given
    ]
    function = module.library["jacobian_0"]
    function.restype = None
    function(ctypes.c_size_t(ROWS), *parts, *(f.ctypes.data_as(doubles) for f in found))
    return found


@pytest.mark.parametrize("style", ["textbook", "compact"])
@pytest.mark.parametrize(
    ("text", "outputs", "wrt"),
    [
        ("y - a*exp(-b*x)", "", "a, b"),
        ("y*a if x > 1 else b*sigmoid(a - y)", "", "b"),
        ("u = a*x; v = sin(b)*y; w = u*v + x", "u, v, w", "a, b"),
        ("x*y", "", "a"),
        ("a*b + x", "", "b, a"),
        ("a", "", "a"),
    ],
)
def test_jacobians_are_those_of_numpy(
    text: str, outputs: str, wrt: str, style: str, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"inputs": (*COLUMNS, *NUMBERS), "rows": COLUMNS, "wrt": wrt, "style": style}  # fmt: skip
    options |= {"outputs": outputs} if outputs else {}
    if text == "a":  # which is one number for all rows
        with pytest.raises(GradgenError, match="what each has by itself"):
            compile(text, target="c", with_="jacobian", **options)
        return
    made = compile(text, target="c", with_="jacobian", **options)
    assert regenerate(made.recipe).source == made.source
    given = [*np.random.default_rng(3).uniform(0.2, 2.0, (2, ROWS)), 1.5, 0.75]
    wanted = compile(text, target="numpy", with_="jacobian", **options).module.jacobian(*given)  # fmt: skip
    every = wanted if outputs else (wanted,)
    for got, want in zip(slopes(made, tmp_path, given, len(every)), every, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("seed", one_in(10, range(60)))
def test_jacobians_of_random_formulas_are_those_of_each_row(
    seed: int, tmp_path: Path
) -> None:
    drawn = Drawn(random.Random(seed), 5, sums=0.0)
    options: dict[str, Any] = {"inputs": (*COLUMNS, *NUMBERS), "wrt": NUMBERS, "proof": False}  # fmt: skip
    if not drawn.rows:
        return
    plain = compile(drawn.text, **options)
    given = [*np.random.default_rng(seed).uniform(-2.0, 2.0, (2, ROWS)), 1.5, -0.75]
    made = compile(drawn.text, target="c", rows=COLUMNS, with_="jacobian", **options)
    (found,) = slopes(made, tmp_path, given, 1)
    for got, x, y in zip(found, *given[:2]):
        _, cache = plain.forward(x, y, *given[2:])
        want = plain.backward(cache)
        assert got == pytest.approx(want, rel=1e-10, abs=1e-10), drawn.text


@pytest.mark.parametrize(
    ("text", "wrt", "says"),
    [
        ("x*a", "x", 'say --wrt "a"'),
        ("x*a - mean(x)", "a", "what each has by itself"),
    ],
)
def test_what_has_no_jacobian_of_rows_is_refused(
    text: str, wrt: str, says: str
) -> None:
    with pytest.raises(GradgenError, match=says):
        compile(text, inputs="x, a", rows="x", wrt=wrt, target="c", with_="jacobian")
