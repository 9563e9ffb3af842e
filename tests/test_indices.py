"""Python functions whose indices, and the turns of whose loops, numbers decide: equal to what Python computes, or refused at their line."""

from __future__ import annotations

import math
import random

import mpmath
import pytest

from gradgen.errors import GradgenError
from gradgen.prove.plain_python import plain_function
from gradgen.read.python.function import read_function
from gradgen.sources import compile_function
from tests.conftest import many, one_in
from tests.test_pynames import run

_SEARCH = """
def search(x, t):
    lo = 0
    hi = len(t)
    while lo < hi:
        mid = lo + ((hi - lo) >> 1)
        if x {op} t[mid]: lo = mid + 1
        else: hi = mid
    return lo{shift}
"""
#: What makes `i` a whole number that x and y decide, among 0, 1, ... as a rule.
_MADE = (
    "i = search(x, T)",
    "i = 2 if x > {c} else (0 if y < {d} else 1)",
    "if x > {c}:\n        i = {k}\n    elif y > {d}:\n        i = 1\n    else:\n        i = 0",
    "i = 0\n    if x > {c}: i += 1\n    if y > {d}: i += 1",
    "for i, t in enumerate(T):\n        if x < t: break",
    "i = 0\n    while i < len(T) - 1 and x > T[i]:\n        i += 1",
    "i = 0\n    while x > T[i] and i < {k}:\n        i += 1",
    "i = 3\n    while i > 0:\n        if x > T[i]:\n            break\n        i -= 1",
    "i = 0\n    r = x\n    while r > {c} and i < 3:\n        r = r/2\n        i = i + 1",
    "i = 0\n    while i < 3:\n        i += 1\n        if y > x: continue\n        if x > T[i]: break\n    else:\n        i = 0",
    "i = 3\n    while x < T[i] and i > 0:\n        i -= 1\n        if y < {d}: break\n    else:\n        y = y + 1",
    "i = 0\n    while not x < T[i]:\n        i += 1\n        if i == 3: break\n        y = y*0.5",
    "i = 0\n    for _ in range(3):\n        while x > {c} and i < 2:\n            i += 1\n            x = x*0.9\n        x = x + 0.1",
    "i = 0\n    r = abs(x)\n    while i < 3:\n        if r > {c}: i += 1\n        else: i += 2\n        r = r*0.7",
)
#: What is done with it.
_USED = (
    "V[i]*x", "V[i - 1] + y", "V[i + 1] - V[i]", "V[-i]*y", "M[i][0]*x + M[i][1]", "sum(M[i])", "V[2*i]*x", "i*x + y", "V[i - i]*x", "V[i % 2]*y",
    "(V[i] if i > 0 else x)", "(x if i == 1 else V[i + 1])", "(V[i - 1] if i >= 1 else V[0])*x", "L[i]*y", "R[i]*x", "A[i]*x + A[0]", "x**i", "row[0] + row[-1]",
)  # fmt: skip
_BEFORE = (
    "", "L[0] = x*y", "L.append(y)", "k = i\n    i = k + 0*2", "if i == 0:\n        i = 1", "if i == 1:\n        return x - y", "if i != 2:\n        L[1] = 3.0",
    "L = L + [x]", "M2 = M\n    M = [[1.5, x], M2[1], [y, 0.5], M2[0]]", "i = int(i)", "j = i",
)  # fmt: skip


def _function(rnd: random.Random) -> str:
    numbers = sorted(round(rnd.uniform(0.2, 4), 2) for _ in range(4))
    said = {"c": round(rnd.uniform(0.3, 3.5), 2), "d": round(rnd.uniform(0.3, 3), 2), "k": rnd.randint(1, 3)}  # fmt: skip
    search = _SEARCH.format(op=rnd.choice((">=", ">")), shift=rnd.choice(("", " - 1")))  # fmt: skip
    lines = [
        "L = [x, y, 2.0, x + y]",
        "M = [[x, 1.0], [y, x], [2.5, y], [x*y, 4.0]]",
        rnd.choice(_MADE).format(**said),
        *rnd.sample(_BEFORE, rnd.randint(0, 2)),
        "row = M[i]" if rnd.random() < 0.3 else "row = (x, y)",
        *(
            [rnd.choice(("M[0][0] = 9.0", "M[1] = [8.0, y]", "L[2] = -x"))]
            if rnd.random() < 0.3
            else []
        ),
        f"return {' + '.join(rnd.sample(_USED, rnd.randint(1, 3)))}",
    ]
    top = f"T = ({', '.join(map(str, numbers))})\nV = [0.5, 3.0, -1.0, 8.0, 2.25]\nR = range(3, 9)\nA = (1.5, 2, -4.0, 0.25)\n"
    return top + search + "def f(x, y):\n    " + "\n    ".join(lines) + "\n"


@pytest.mark.parametrize("seed", one_in(18, range(many(360))))
def test_what_numbers_decide_is_what_python_says(seed: int) -> None:
    rnd = random.Random(f"index {seed}")
    read = 0
    for _ in range(6):
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
        # Of what goes through a row that is out of range the proof knows nothing, nor what is left of an index behind a `return`.
        assert plain is not None or "sum(M[i])" in text or "V[i % 2]" in text, text
        for _ in range(20):
            at = (rnd.uniform(-0.5, 5), rnd.uniform(-0.5, 5))
            value = run(text, "f", at)
            if isinstance(value, str):  # what Python raises
                if "row = M[i]" in text and "row[" not in text:
                    continue  # which nothing reads
                with pytest.raises((ValueError, ZeroDivisionError)):
                    made.module.forward(*at)
                continue
            assert made.module.forward(*at)[0] == pytest.approx(value, rel=1e-13), text
            if plain is None:
                continue
            (got,) = plain.values(plain.at([*map(mpmath.mpf, at)]))
            assert float(got) == pytest.approx(value, rel=1e-13), text
    assert read > 1


def test_a_table_is_gone_through_by_halves() -> None:
    text = _SEARCH.format(op=">=", shift=" - 1") + (
        "T = (1.0, 2.0, 4.0, 7.0)\nV = [0.5, 3.0, -1.0, 8.0]\n"
        "def f(x):\n    j = search(x, T)\n    if j == -1:\n        return V[0]\n    if j == 3:\n        return V[j]\n"
        "    return (V[j+1] - V[j])/(T[j+1] - T[j])*(x - T[j]) + V[j]\n"
    )
    made = compile_function(text, "f")
    assert "out of range" not in made.source  # as the tests above tell
    for x in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.9, 7.0, 9.0):
        value, cache = made.module.forward(x)
        assert value == pytest.approx(run(text, "f", (x,)), rel=1e-14)
        slope = {1: 2.5, 2: -2.0, 4: 3.0}.get(max((t for t in (1, 2, 4) if t <= x < 7), default=0), 0.0)  # fmt: skip
        assert made.module.backward(cache)[0] == pytest.approx(slope)


def test_a_loop_has_so_many_turns_as_a_counter_allows() -> None:
    text = "def f(x):\n    y = x\n    n = 0\n    while abs(y*y - x) > 1e-9 and n < 9:\n        y = 0.5*(y + x/y)\n        n += 1\n    return y\n"
    made = compile_function(text, "f")
    for x in (0.3, 1.0, 2.0, 30.0, 1e4):
        value, cache = made.module.forward(x)
        assert value == run(text, "f", (x,))
        if value != x and abs(value * value - x) < 1e-9:
            assert made.module.backward(cache)[0] == pytest.approx(0.5 / math.sqrt(x), rel=1e-3)  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("while x > 1:\n        x = x/2\n    return x", "how often this loop turns"),
        ("for _ in range(3):\n        n = 0\n        while x > y and n < 3:\n            x = x/2\n            n += 1\n        else:\n            break\n        y = y + 1\n    return x + y", "how often this loop turns"),
        ("return [x, y][int(x)]", "an index is a whole number"),
        ("i = 0.0\n    if x > 1: i = 1\n    return [x, y][i]", "an index is a whole number"),
        ("i = 0 if x > 1 else 1\n    a = [x, y]\n    a[i] = 3.0\n    return a[0]", "an index is a whole number"),
        ("i = 0 if x > 1 else 1\n    b = [[x], [y]]\n    r = b[i]\n    r[0] = 5.0\n    return b[0][0]", "is not certain"),
        ("i = 0 if x > 1 else 1\n    b = [[x], [y]]\n    r = b[i]\n    b[0][0] = 5.0\n    return r[0]", "is held elsewhere"),
        ("i = 0 if x > 1 else 1\n    return [[x], [y, x]][i][0]", "is not alike"),
        ("i = 0 if x > 1 else 1\n    return ['a', x][i]", "numbers are chosen"),
        ("i = 7 if x > 1 else 8\n    return [y, x][i]", "out of range"),
        ("i = 0 if x > 1 else 1\n    s = 0.0\n    for _ in range(i): s += x\n    return s", "known when compiling"),
        ("s = 0.0\n    for _ in range(y if y > 0 else 1): s += x\n    return s", "`y` counts here"),
        ("i = 0 if x > 1 else 1\n    return {0: x, 1: y}[i]", "known when compiling"),
        ("i = 0 if x > 1 else 1\n    return [x, y, 1.0][i:][0]", "ends of a slice"),
    ],
)  # fmt: skip
def test_what_is_not_certain_of_an_index_is_refused_at_its_line(lines: str, said: str) -> None:  # fmt: skip
    with pytest.raises(GradgenError) as found:
        compile_function(f"def f(x, y):\n    {lines}\n", "f")
    assert said in found.value.message
    assert found.value.line and found.value.line > 1
