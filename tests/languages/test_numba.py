"""Modules in plain Python, as they are, are compiled by numba for calls with numbers, and give the same."""

from __future__ import annotations

import math
import types
from typing import Any

import pytest

from gradgen.loading import load
from gradgen.pipeline import Compiled, compile
from tests.languages.test_c import cases

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.slow


def jitted(made: Compiled) -> Any:
    """Return a module all of whose functions are compiled."""
    module = load(made.source)
    for name, function in [*vars(module).items()]:
        if isinstance(function, types.FunctionType):
            setattr(module, name, numba.njit(function))
    return module


def test_listed_formulas_are_those_of_python() -> None:
    compared = 0
    for (formula, names), points in [*cases().items()][::8]:
        made = compile(formula, inputs=names, proof=False)
        if any(step.op == "hypot3" for step in made.program.steps):
            continue
        fast = jitted(made)
        for point in points[:2]:
            try:
                value, cache = made.module.forward(*point)
                slopes = made.module.backward(cache)
            except (ArithmeticError, ValueError):
                continue
            got, kept = fast.forward(*point)
            pairs = [(got, value), *zip(fast.backward(kept), slopes)]
            for one, other in pairs:
                close = math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-300)
                assert close or math.isnan(other), (formula, point)
            compared += 1
    assert compared > 25


def test_a_norm_of_three_parts_is_refused() -> None:
    fast = jitted(compile("hypot(x, y, z)", proof=False))
    with pytest.raises(numba.core.errors.TypingError):
        fast.forward(1.0, 2.0, 2.0)
