"""Whole quotients, remainders and digits that Python functions round to: to the last bit what Python and numpy make of the same numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradgen.errors import GradgenError
from gradgen.sources import compile_function
from tests.conftest import many

#: What is made of x and y, each by itself, as a part of another, and behind a choice.
MADE = [
    *("x // y", "(x + y) // 0.3", "7 // x - y // 3", "(1/y) // 0.7 if y != 0 else x", "(x // 0.1) // y"),
    *("divmod(x, y)[0]*3 + divmod(x, y)[1]", "math.fmod(x, y)", "math.fmod(x*y, -0.3)", "np.fmod([x, y], 0.7)[1]", "np.divmod([x, y], 0.25)[1][0]"),
    *("np.floor_divide([x, y], 0.1)[0]", "np.remainder(x, y)", "np.round(x, 2)", "np.around([x, y], decimals=3)[1]", "np.round(x, -1)*y", "np.round(x*y)"),
    *("round(x, 2)", "round(x*y, ndigits=1)", "round(x, 3) - round(y, 15)", "round(x, 0)*2 + round(y)", "round(1/y, 1) if y else round(x, 4)"),
]  # fmt: skip


def points(rnd: random.Random, count: int) -> Iterator[tuple[float, float]]:
    """Yield numbers of all sizes, those halfway between others of a few digits and beside them, and multiples of each other."""
    for turn in range(count):
        x = rnd.uniform(-1, 1) * 10 ** rnd.uniform(-8, 12)
        y = rnd.choice((-1, 1)) * rnd.uniform(0.01, 9.0)
        if turn % 2:
            x = (rnd.randint(-(10**5), 10**5) + 0.5) / 10 ** rnd.randint(0, 4)
        if turn % 4 == 3:
            x = math.nextafter(x, rnd.choice((-math.inf, math.inf)))
        if turn % 8 == 0:
            x = y * rnd.randint(-999, 999)
        if turn % 8 == 2:
            x, y = rnd.randint(-999, 999) / 8, rnd.randint(1, 40) / 10
        yield x, y


def compare(made: str, count: int) -> None:
    text = f"import math\nimport numpy as np\ndef f(x, y):\n    return {made}\n"
    found = compile_function(text, "f", inputs="x, y", proof=False)
    space: dict[str, Any] = {}
    exec(text, space)  # noqa: S102
    with np.errstate(all="ignore"):
        for x, y in points(random.Random(made), count):
            true = float(space["f"](x, y)) if x else math.nan
            if abs(true) < 2.0**51 and math.isfinite(true):
                got = found.forward(x, y)[0]
                assert got == true or (math.isnan(got) and math.isnan(true)), (x, y)


@pytest.mark.parametrize("made", MADE)
def test_whole_quotients_and_digits_are_those_of_python(made: str) -> None:
    compare(made, 400)


@pytest.mark.slow
@pytest.mark.parametrize("made", MADE)
def test_many_whole_quotients_and_digits_are_those_of_python(made: str) -> None:
    compare(made, many(80_000))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("round(np.exp(x), 2)", r"write np\.round\(x, n\)"),
        ("round(x, y)", "known when compiling"),
        ("round(x, -2)", "known when compiling"),
        ("round(x, None)", "known when compiling"),
        ("np.round(x, 40)", "known when compiling"),
        ("np.round([1, 2], 1)[0]*x", "whole numbers"),
        ("divmod(x)", "takes 2 arguments"),
        ("[x] // y", "no place"),
        ("x // 'a'", "text"),
    ],
)
def test_what_is_rounded_in_a_way_that_is_not_certain_is_refused(
    made: str, message: str
) -> None:
    text = f"import numpy as np\ndef f(x, y):\n    return {made}\n"
    with pytest.raises(GradgenError, match=message):
        compile_function(text, "f")


def test_what_is_rounded_by_whole_steps_is_held_to_its_lines() -> None:
    made = compile_function("def f(x, y):\n    return (x + y) // 0.3 + y\n", "f")
    assert not made.unproven
    assert made.backward(made.forward(1.0, 2.0)[1]) == (0.0, 1.0)
