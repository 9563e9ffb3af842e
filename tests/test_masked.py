"""Python functions that write into numpy's arrays where conditions hold: equal to what numpy computes, or refused where somebody else may hold them."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from gradgen.errors import GradgenError
from gradgen.sources import compile_function
from tests.conftest import many
from tests.masks import masks


def values(text: str, at: tuple[float, float]) -> tuple[float, ...] | None:
    """Return what numpy computes of numbers; None where it raises, or has no number."""
    scope: dict[str, Any] = {}
    exec(text, scope)  # noqa: S102 - our own text
    try:
        with np.errstate(all="ignore"):
            found = scope["f"](*at)
    except Exception:  # noqa: BLE001 - whatever it raises
        return None
    got = tuple(map(float, np.ravel(found)))
    return got if np.isfinite(got).all() else None


def hold(first: int, last: int) -> None:
    """Hold a range of random files to numpy, values and slopes."""
    read = met = 0
    for seed in range(first, last):
        text = masks(seed)
        try:
            made = compile_function(text, "f")
        except GradgenError as error:
            told = (
                error.message.startswith("line ") or "divides by zero" in error.message
            )
            assert told, (text, error.message)
            continue
        read += 1
        rnd = random.Random(seed)
        for _ in range(6):
            at = (rnd.uniform(-2, 2), rnd.uniform(-2, 2))
            true = values(text, at)
            if true is None:
                continue
            try:
                value, cache = made.forward(*at)
            except (ArithmeticError, ValueError):
                continue  # where numpy goes on with inf or nan
            got = value if isinstance(value, tuple) else (value,)
            assert got == pytest.approx(true, rel=1e-12, abs=1e-12), (seed, text, at)
            met += 1
            slopes = made.backward(cache, *[1.0] * len(got))
            for place, slope in enumerate(slopes):
                steps = []
                for size in (1e-5, 1e-6):
                    ends = []
                    for sign in (1, -1):
                        moved = [*at]
                        moved[place] += sign * size
                        ends.append(values(text, (moved[0], moved[1])))
                    if None not in ends:
                        steps.append(sum(ends[0]) / 2 / size - sum(ends[1]) / 2 / size)  # type: ignore[arg-type]
                if len(steps) == 2 and steps[0] == pytest.approx(
                    steps[1], rel=1e-4, abs=1e-6
                ):
                    assert slope == pytest.approx(steps[1], rel=1e-4, abs=1e-5), (
                        seed,
                        text,
                        at,
                    )
    assert read >= (last - first) // 3 and met >= read


def test_what_is_written_where_a_condition_holds_is_what_numpy_says() -> None:
    hold(0, 20)


@pytest.mark.slow
def test_a_thousand_functions_with_masks() -> None:
    hold(0, many(1000))
