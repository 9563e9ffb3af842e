"""Python functions whose values are None in some ways: a number where Python has one, the edge of the domain where it has None, or refused."""

from __future__ import annotations

import random

import mpmath
import pytest

from gradgen.errors import GradgenError
from gradgen.prove.plain_python import plain_function
from gradgen.read.python.function import read_function
from gradgen.sources import compile_function
from tests.conftest import many, one_in

_HELPERS = """import math
def low(x, y):
    if x < {a}: return None
    return x*y
def root(x):
    if x > {b}:
        return math.sqrt(x)
def twice(x, y=None):
    if y is None: return 2*x
    return x + y
def same(x):
    return None if x > {c} else x
"""
#: What gives `r` a number in one way, and None in another.
_MADE = (
    "r = low(x, y)", "r = root(x)", "r = same(y)", "r = None if x > {c} else y", "r = low(x, y) if y > {a} else None", "r = same(y)\n    r = r if x > 1 else None",
    "r = None\n    if x > {a}: r = y", "r = None\n    if x > {a}: r = 2\n    elif y > {b}: r = 1", "r = 2 if x > {a} else 3\n    if y > {b}: r = None", "r = None\n    for k in (0.5, 1.5, 2.5):\n        if x > k: r = k*y", "r = None if x > {c} else None\n    if y > {a}:\n        r = x",
    "if x > {a}: r = None\n    elif y > {b}: r = 2.0\n    else: r = x", "r = root(x)\n    if r is not None and r > 1.2:\n        r = None", "r = same(x)\n    if r is None: r = low(y, x)",
)  # fmt: skip
#: What is made of it, on a line of its own.
_USED = (
    "if r is None: return y - x", "if r is not None: s = s + r", "if not r: s = s - 1", "if r: s = s*2", "s = s + (x if r is None else r)", "s = s + twice(y, r)", "r = x if r is None else r",
    "s = s*(1.5 if r is None or y > 1 else 2.5)", "if r is not None and r > x: return r", "q = r\n    if q is None: s = s + 3", "t = (r, y)\n    if t[0] is None: return s", "s = s + (r or 4.0)",
    "if r is None: return None", "if r == 2: s = s + 7", "if r != 2.0: return s", "if 2 == r or r != y: s = s - r", "if r != 2 and r is not None: s = s*r", "if r == None: s = -s", "if None is not r: s = s + 0.5*r", "s = s + r", "if x > y: return r", "if r is None and y > 2: return", "s = s + abs(r)", "s = max(s, r)",
)  # fmt: skip


def _function(rnd: random.Random) -> str:
    said = {name: round(rnd.uniform(0.3, 3), 2) for name in "abc"}
    lines = [
        rnd.choice(_MADE).format(**said),
        "s = x",
        *rnd.sample(_USED, rnd.randint(1, 4)),
        rnd.choice(("return s", "return s + y", "return r", "if x > 0.5: return s")),
    ]
    return f"{_HELPERS.format(**said)}def f(x, y):\n    " + "\n    ".join(lines) + "\n"  # fmt: skip


def _value(text: str, at: tuple[float, float]) -> float | str | None:
    """Return what Python gives, or the error that it raises as None is no number."""
    space: dict[str, object] = {}
    exec(text, space)  # noqa: S102 - our own text
    try:
        return space["f"](*at)  # type: ignore[operator, no-any-return]
    except TypeError as error:
        return str(error)


@pytest.mark.parametrize("seed", one_in(18, range(many(360))))
def test_where_python_has_a_number_the_module_has_it(seed: int) -> None:
    rnd = random.Random(f"none {seed}")
    read = 0
    for _ in range(8):
        text = _function(rnd)
        try:
            made = compile_function(text, "f")
        except GradgenError as error:
            assert error.line and error.column is not None, text
            continue
        read += 1
        origin = read_function(text, "f").origin
        assert origin is not None
        plain = plain_function(origin, ["x", "y"], {})
        assert plain is not None, text
        for _ in range(20):
            at = (rnd.uniform(-0.5, 4), rnd.uniform(-0.5, 4))
            value = _value(text, at)
            if isinstance(value, str):
                continue  # a line may raise whose value nothing reads there
            (got,) = plain.values(plain.at([*map(mpmath.mpf, at)]))
            if value is None:
                assert got is None, text
                with pytest.raises(ValueError):
                    made.module.forward(*at)
                continue
            assert made.module.forward(*at)[0] == pytest.approx(value, rel=1e-13), text
            assert float(got) == pytest.approx(value, rel=1e-13), text
    assert read > 2


def test_what_is_none_is_said_where_it_raises() -> None:
    made = compile_function("def f(x):\n    if x > 2: return x\n", "f")
    assert "where not xgt2: the function returns None" in made.source
    assert made.module.forward(3.0)[0] == 3.0
    assert made.module.backward(made.module.forward(3.0)[1]) == (1.0,)
    with pytest.raises(ValueError):
        made.module.forward(1.0)


@pytest.mark.parametrize("lines", ["if x > 0: return x", "if x > 0: return x\n    else: x = 2", "if not x > 0: return\n    return x", "if not x > 0: return None\n    return x"])  # fmt: skip
def test_a_function_that_returns_none_has_an_edge_there(lines: str) -> None:
    made = compile_function(f"def f(x):\n    {lines}\n", "f")
    assert made.module.forward(2.0)[0] == 2.0
    with pytest.raises(ValueError):
        made.module.forward(-2.0)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("return None", "the function returns nothing"),
        ("if x > 1: return None\n    return", "the function returns nothing"),
        ("r = None if x > 1 else y\n    q = None if y > 1 else x\n    if r == q: return x\n    return y", "may be None"),
        ("r = None if x > 1 else y\n    if r in (1, 2): return x\n    return y", "may be None"),
        ("r = None if x > 1 else y\n    if isinstance(r, float): return x\n    return y", "depends on who calls"),
        ("r = None if x > 1 else 'a'\n    return x if r is None else y", "text has no place"),
        ("if x > 1: r = None\n    elif x > 0: r = 'a'\n    else: r = y\n    return r", "is no number in one way"),
        ("if x > 1: r = None\n    else: r = (x, y)\n    return r[0]", "is no number in one way"),
    ],
)  # fmt: skip
def test_what_may_be_none_and_is_asked_for_more_is_refused(lines: str, said: str) -> None:  # fmt: skip
    with pytest.raises(GradgenError) as found:
        compile_function(f"def f(x, y):\n    {lines}\n", "f")
    assert said in found.value.message
    assert found.value.line
