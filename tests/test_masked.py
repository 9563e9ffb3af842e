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


#: What numpy's arrays without axes are asked for, which are no floats and no scalars; what operators and functions make of them is.
KINDS = """
a = np.asarray(x); return 2*a if np.isscalar(a) else 3*a
a = np.where(x > 1, x, 2.0); return 2*a if np.isscalar(a) else 3*a
a = np.zeros_like(x); b = a; return x + (2 if np.isscalar(b) else 3)
a = np.sin(np.asarray(x)); return 2*a if np.isscalar(a) else 3*a
a = np.array(x)*2; return 2*a if np.isscalar(a) else 3*a
return 2*x if hasattr(np.asarray(x), 'shape') else x
a = np.asarray(x); return 2*a if isinstance(a, np.ndarray) else x
a = np.asarray(x); return 2*a if isinstance(a, (int, float)) else x
a = np.asarray(x); return 2*a if isinstance(a, (list, tuple, str)) else x
a = np.asarray(x) if x > 1 else x; return 2*a if np.isscalar(a) else x
a = np.asarray(x) or 2.0; return 2*a if np.isscalar(a) else x
a = [np.asarray(x)][0]; return 2*a if np.isscalar(a) else x
a, b = np.asarray(x), 2; return 2*a if np.isscalar(a) else x
g = lambda a: 2*a if np.isscalar(a) else 3*a; return g(np.asarray(x))
g = lambda a: np.asarray(a); return 2*x if np.isscalar(g(x)) else x
a = -np.asarray(x); return 2*a if np.isscalar(a) else x
a = np.clip(np.asarray(x), 0, 1); return 2*a if np.isscalar(a) else 3*x
a = np.select([x > 1], [x]); return 2*a if np.isscalar(a) else 3*x
a = np.asarray(x); a = a if x > 1 else a; return 2*a if np.isscalar(a) else 3*x
a = np.asarray(x); a += 1; return 2*a if np.isscalar(a) else 3*x
a = np.asarray(x).real; return 2*a if np.isscalar(a) else 3*x
a = np.transpose(x); return 2*a if np.isscalar(a) else 3*x
a = np.atleast_1d(x); return 2*x if np.isscalar(a) else x
return x if np.isscalar(x) else 2*x
b = x; a = np.asarray(b) if x > 1 else b; a += 1; return a*b
""".strip().split("\n")


@pytest.mark.parametrize("lines", KINDS)
def test_arrays_without_axes_are_of_their_own_kind(lines: str) -> None:
    text = "import numpy as np\ndef f(x):\n    " + lines.replace("; ", "\n    ") + "\n"
    scope: dict[str, Any] = {}
    exec(text, scope)  # noqa: S102 - our own text
    try:
        made = compile_function(text, "f")
    except GradgenError as error:
        assert "array without axes" in error.message or "who else holds" in error.message or "of which type" in error.message  # fmt: skip
        return
    assert made.forward(1.5)[0] == float(scope["f"](1.5))
