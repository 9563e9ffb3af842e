"""Parameters that are sequences of whatever kind: what is made of them is what Python makes of an array, and of a list where that makes anything."""

from __future__ import annotations

import contextlib
import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.errors import GradgenError
from gradgen.sources import compile_function
from tests.conftest import many

KINDS: tuple[Callable[[Any], Any], ...] = (np.array, list, tuple)
ATOMS = ["x", "y", "a", "2.5", "3", "[1.0, 2.0, 0.5]", "(0.5, 1.5, 2.0)", "np.asarray(y)", "x[1]", "int(a)", "len(x)", "x[1:]", "(a > 1)"]  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "**", "@", "%", "//"]
FUNCTIONS = ["abs({})", "-{}", "np.sqrt({})", "np.where({} > 1, a, 2.0)", "np.sum({})", "{}.mean()", "{}.sum()", "{}.T", "{}.shape[0]", "{}.dot(y)", "max({}, 1.5)", "np.mean({} < 1.0)", "np.sum({}, axis=0)"]  # fmt: skip


def expression(rnd: random.Random, depth: int) -> str:
    if depth == 0 or rnd.random() < 0.2:
        return rnd.choice(ATOMS[:3] * 3 + ATOMS)
    if rnd.random() < 0.3:
        return rnd.choice(FUNCTIONS).format(f"({expression(rnd, depth - 1)})")
    one, other = (expression(rnd, depth - 1) for _ in range(2))
    return f"({one} {rnd.choice(OPERATORS)} {other})"


def numbers(value: Any) -> list[float] | None:
    """Return the numbers of what a function returns; None where it is none of numbers."""
    try:
        found = np.asarray(value, dtype=float).ravel().tolist()
    except (TypeError, ValueError):
        return None
    return found if all(map(math.isfinite, found)) else None


def looked_at(seed: int) -> bool:
    """Compare a function with itself as it is read; return whether it is read."""
    made = expression(random.Random(seed), 3)
    text = f"import numpy as np\ndef f(x, y, a):\n    return {made}\n"
    try:
        found = compile_function(text, "f", shape="x=3, y=3", proof=False)
    except GradgenError:
        return False
    space: dict[str, Any] = {}
    exec(text, space)  # noqa: S102
    met = False
    for xs, ys in ([(1.5, 0.25, 2.0), (0.75, 3.0, 1.25)], [(0.5, 4.0, 1.0), (2.0, 0.5, 0.375)]):  # fmt: skip
        for kinds in itertools.product(KINDS, repeat=2):
            true = None
            with contextlib.suppress(TypeError, ValueError, AttributeError, IndexError, ArithmeticError), np.errstate(all="ignore"):  # fmt: skip
                true = numbers(space["f"](kinds[0](xs), kinds[1](ys), 1.75))
            if true is None:
                continue
            held = {**{f"x{k}": v for k, v in enumerate(xs)}, **{f"y{k}": v for k, v in enumerate(ys)}, "a": 1.75}  # fmt: skip
            got = None
            with contextlib.suppress(
                ArithmeticError, ValueError
            ):  # numpy's nan may go on
                got = found.module.forward(*(held[n] for n in found.program.inputs))[0]
            if got is None:
                continue
            assert np.allclose(numbers(got) or [], true, rtol=1e-12), (made, kinds)
            met = True
    return met


def test_what_is_made_of_sequences_is_what_python_makes_of_any_kind() -> None:
    assert sum(map(looked_at, range(300))) > 60


@pytest.mark.slow
def test_what_is_made_of_many_sequences_is_what_python_makes_of_any_kind() -> None:
    assert sum(map(looked_at, range(300, 300 + many(12_000)))) > many(2_400)


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("return v @ v", "v=3"),
        ("n, m = v.shape\n    return v.sum()*n*m", "v=3x3"),
        ("return v.shape[1]*v.mean()", "v=3x3"),
        ("return v[0, 1]*v[1, 0]", "v=3x3"),
        ("n = v.shape[0]\n    return sum(v[i]*i for i in range(n))", "v=3"),
        ("return np.sum(v, axis=0)*a", "v=3"),
        ("return v.sum()/v.shape[-1]", "v=3"),
        ("w = np.array([1.0, 2.0, 3.0, 4.0])\n    return (v*w).sum() + v @ w", "v=4"),
        ("return np.eye(3)[0] @ v*a", "v=3"),
        ("return np.linalg.norm(v, axis=1)[0]", "v=3x3"),
        ("return np.sum(v, axis=1)[0]*a", "v=3x3"),
        ("return v.max() - v.min()", "v=3"),
        ("w = v\n    return w.dot(w)*a", "v=3"),
    ],
)
def test_a_refusal_says_which_parameter_is_an_array(body: str, asked: str) -> None:
    text = f"import numpy as np\ndef f(v, a):\n    {body}\n"
    with pytest.raises(GradgenError, match=f'as in --shape "{asked}"'):
        compile_function(text, "f")
    rows = [int(size) for size in asked[2:].split("x")]
    made = compile_function(text, "f", shape=asked, proof=False)
    held = np.array([1.5, 0.25, 2.0, 3.0, 0.5, 1.0, 2.5, 0.75, 4.0][: math.prod(rows)])
    space: dict[str, Any] = {}
    exec(text, space)  # noqa: S102
    true = space["f"](held.reshape(rows), 1.75)
    assert made.forward(*[*held.tolist(), 1.75][: len(made.program.inputs)])[0] == pytest.approx(float(true), rel=1e-13)  # fmt: skip
