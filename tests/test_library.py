"""What numpy makes of whole arrays, and of their numbers in another shape: as numpy makes it, or refused, also where two arrays hold the same numbers."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from gradgen.errors import GradgenError
from gradgen.read.python.arrays import arranged, shaping, statistics
from gradgen.sources import compile_function
from tests.conftest import many

HEAD = "import numpy as np\nfrom scipy.stats import norm\n"
#: What is made of the numbers x and y, of the arrays v and w of three, and of the table m of two rows.
MADE = [
    "np.eye(3)[1]*x", "np.eye(2, 3, k=1)[0]*y", "np.identity(2) @ m", "np.copy(v)*2", "np.copy(m)[1]", "np.atleast_2d(v)[0, 1]*x", "np.atleast_2d(m)[1, 1]", "np.atleast_2d(x)[0, 0]",
    "np.reshape(m, (3, 2))[2, 1]", "m.reshape(-1)", "m.reshape(3, -1)[1]", "m.ravel()*y", "np.ravel(m)", "np.concatenate((v, w, [x]))", "np.concatenate([m, m], axis=1)[1]", "np.concatenate([m, [w]])[2]",
    "np.append(v, [x, y])", "np.append(m, x)", "np.diag(v)[1]", "np.diag(m)", "np.roll(v, 1)", "np.roll(v, -4)", "np.flip(v)", "np.flipud(v)", "np.tile(v, 2)", "np.tile(x, 3)", "np.repeat(v, 2)", "np.squeeze([v])", "np.empty_like(v).shape[0]*x",
    "np.shape(m)[1]*x", "np.ndim(m)*x", "np.size(m)*x", "np.shape(v)[0]*y", "np.var(v)", "np.std(v, ddof=1)", "v.std()", "v.var(ddof=1)", "np.average(v)", "np.average(v, weights=w)", "np.average(m, axis=0)",
    "np.linalg.norm(m, axis=1)", "np.linalg.norm(m, axis=0, keepdims=True)", "np.linalg.norm(v, 1)", "np.linalg.norm(v, axis=-1, keepdims=True)", "m / np.linalg.norm(m, axis=1, keepdims=True)", "np.linalg.norm(m, ord=1, axis=1)",
    "np.linalg.norm(m)", "np.linalg.norm(m, keepdims=True)", "np.sum(m, axis=1, keepdims=True)", "np.sum(m, keepdims=True)", "m - m.mean(axis=0, keepdims=True)", "np.max(v, keepdims=True)", "np.prod(m, axis=-2, keepdims=False)",
    "np.trapezoid(v, w)", "np.trapezoid(v)", "np.trapezoid(v, dx=x)", "np.cumprod(v)", "v.cumprod()", "np.ptp(v)", "np.ptp(m, axis=1)", "np.nansum(v)", "np.nanmean(m, axis=0)", "np.nanmax(v)", "np.nanmin(v)", "np.nanprod(v)",
    "np.empty(2).shape[0]*x", "norm.sf(x)", "norm.isf(y/10)", "norm.logcdf(x)", "np.double(x)*y",
]  # fmt: skip


def read(body: str) -> Any:
    text = f"{HEAD}def f(x, y):\n    v, w = np.array([x, y, x*y]), np.array([2.0, x + y, y])\n    m = np.array([v, w])\n    {body}\n"
    space: dict[str, Any] = {}
    exec(text, space)  # noqa: S102
    return space["f"], compile_function(text, "f", proof=False, inputs="x, y")


@pytest.mark.parametrize("made", MADE)
def test_what_numpy_makes_of_arrays(made: str) -> None:
    original, found = read(f"return {made}")
    rnd = random.Random(made)
    for _ in range(5):
        point = rnd.uniform(0.2, 3.0), rnd.uniform(0.2, 3.0)
        true = np.asarray(original(*point), dtype=float).ravel()
        got = np.asarray(found.forward(*point)[0], dtype=float).ravel()
        assert got == pytest.approx(true, rel=1e-13)


def test_every_function_is_compared() -> None:
    names = {name.removeprefix("numpy.") for name in (*arranged.CALLS, *shaping.CALLS, *statistics.CALLS)}  # fmt: skip
    said = " ".join(MADE)
    assert {n for n in names if f"np.{n}(" not in said} == {"trapz", "broadcast_arrays"}


def test_what_holds_nothing_yet_raises_where_it_is_read() -> None:
    original, found = read("a = np.empty((2, 2))\n    a[0, 0] = x\n    a[1, 0] = y\n    return a[0, 0]*a[1, 0]")  # fmt: skip
    assert found.forward(1.5, 2.5)[0] == original(1.5, 2.5)
    _, found = read("a = np.empty(2)\n    a[0] = x\n    return a.sum()")
    with pytest.raises(ValueError):
        found.forward(1.5, 2.5)


#: What makes an array of another's numbers, some of which are the same and some copies.
OTHERS = ["m.T", "np.transpose(m)", "m[0]", "m[:1]", "m.reshape(3, 2)", "np.reshape(m, -1)", "m.ravel()", "np.ravel(m)", "m.flatten()", "np.atleast_2d(m)", "np.atleast_2d(v)", "np.diag(m)", "np.flip(v)", "np.roll(v, 1)", "np.copy(m)", "np.asarray(m)", "m*1.0", "np.concatenate([m])", "v.T", "m", "v", "np.array(m)", "m.copy()"]  # fmt: skip
PUT = ["{}[0] = 5.0", "{}[0, 0] = 5.0", "{}[1, 0] = 5.0", "{} += 1.0", "{} *= y", "{}[1] += x", "{}[:1] = 7.0", "{}[0, 1] -= x"]  # fmt: skip


def looked_at(seed: int) -> bool:
    rnd = random.Random(seed)
    one, other = rnd.choice(OTHERS), rnd.choice(("m", "v", "t"))
    lines = [f"t = {one}", rnd.choice(PUT).format(rnd.choice("tmv"))]
    if rnd.random() < 0.5:
        lines.append(f"u = {rnd.choice(OTHERS)}")
        lines.append(rnd.choice(PUT).format(rnd.choice("tumv")))
        other = rnd.choice("tumv")
    lines.append(f"return np.sum({other}*np.sin({other} + 0.5)) + np.ravel({other})[1]")
    try:
        original, found = read("\n    ".join(lines))
        true = original(1.5, 2.25)
    except (GradgenError, IndexError, ValueError, TypeError):
        return False
    assert found.forward(1.5, 2.25)[0] == pytest.approx(float(true), rel=1e-12), lines
    return math.isfinite(true)


def test_arrays_that_hold_the_same_numbers_change_together() -> None:
    assert sum(map(looked_at, range(150))) > 25


@pytest.mark.slow
def test_many_arrays_that_hold_the_same_numbers_change_together() -> None:
    assert sum(map(looked_at, range(150, 150 + many(12_000)))) > many(2_400)
