"""Random functions that make arrays of floats, whole numbers and truths, hand them on, and write into them: what is read of them is what numpy computes."""

from __future__ import annotations

import random

import pytest

from gradgen.errors import GradgenError
from gradgen.sources import compile_function
from tests.conftest import many
from tests.test_pynames import run

#: Numbers: floats, whole numbers of which some are known, truths.
NUMBERS = ("x", "y", "x*y", "2", "1.5", "0", "round(x)", "int(y)", "math.floor(x*2)", "(1 if x > y else 2)", "max(0, round(y))", "(x > 0.5)", "True", "part(x)", "float(round(x))", "n", "n + 1", "np.sign(x)", "y // 1", "k // 2", "min(x, 1)", "np.where(x > y, 1, 2)", "np.select([x > y], [3])")  # fmt: skip
#: Arrays of two numbers, of numbers or other arrays.
MAKING = ("np.array([{0}, {1}])", "np.asarray([{0}, {1}])", "np.full(2, {0})", "np.append([{0}], {1})", "np.concatenate([[{0}], [{1}]])", "np.repeat({0}, 2)", "np.array([{0}, {1}], dtype=float)", "np.zeros(2)", "np.hstack([{0}, {1}])", "np.cumsum([{0}, {1}])", "np.maximum([{0}, {1}], {2})", "np.diag([{0}, {1}])[0]", "np.stack([[{0}, {1}], [{1}, {2}]])[1]")  # fmt: skip
OTHERS = ("{0}", "np.asarray({0})", "np.asarray({0}, dtype=float)", "{0}.copy()", "{0}[::-1]", "{0}*2", "{0} + {1}", "{0} - {1}", "{0}*{1}", "-{0}", "{0}**2", "abs({0})", "np.where({0} > {1}, 1, 2)", "np.where({0} > {1}, {0}, {1})", "np.round({0})", "np.maximum({0}, 1)", "np.zeros_like({0})", "np.full_like({0}, 2.7)", "np.cumsum({0})", "np.cumprod({0})", "np.clip({0}, 0, 2)", "np.ravel({0})", "{0}.T", "np.transpose([{0}, {1}])[0]", "{0}.astype(float)", "{0} / 2", "{0} // 2", "np.flip({0})", "{0}.reshape(2)", "np.array([{0}, {1}])[1]", "np.roll({0}, 1)", "np.array([*{0}])", "{0}[[1, 0]]", "np.squeeze({0})", "np.transpose([*{0}])", "np.sum([{0}, {1}], axis=0)", "same({0})", "np.copy({0})", "{0}[...]", "np.fmod({0}, 2)")  # fmt: skip
WRITING = ("{0}[0] = {2}", "{0}[1] = {1}[0]", "{0}[:] = {1}", "{0}[1:] = {2}", "{0} += {2}", "{0} *= {1}", "{0}[{0} > 1] = {2}", "{0}[0] += {2}", "np.add({0}, {1}, out={0})", "{0}[[0]] = {2}", "bump({0})", "{0}[{1} > 0] *= 2.5", "{0} /= 2", "{0}[...] = {2}", "if x > 0.6:\n        {0}[0] = {2}", "for i in range(2):\n        {0}[i] = {1}[i - 1]*1.5")  # fmt: skip
#: What holds the rows of `m`, or writes into them.
ROWS = ("{1} = m[0]", "{0}, {1} = m", "{1} = list(m)[0]", "{1} = [r for r in m][1]", "{1} = [*m][0]", "for {1} in m:\n        x = x + {1}[0]", "{1} = tuple(m)[1]", "for k, {1} in enumerate(m):\n        x = x - {1}[1]", "{1} = m[:, 0]", "{1} = m.T[1]", "{1} = m[[0, 1], [1, 0]]", "{1} = m[[1, 0]][0]", "m[[0, 1]] = {2}", "m[0, 1] = {2}", "m[:, 1] = {0}", "m[1] = {0}", "m += {0}", "m[(1, 0)] = {2}", "{1} = m.ravel()[1:3]", "m[0][1] = {2}", "{1} = dict(enumerate(m))[0]", "{1} = m.sum(axis=0)", "{1} = m @ {0}", "{1} = m.max(axis=1)", "{1} = m[..., 1]", "{1} = list(zip(m, m))[1][0]", "{1} = m[[0, 1], 1]")  # fmt: skip
HEAD = """import math
import numpy as np
def part(x):
    if x > 0.7:
        return 1
    return round(x)
def same(a):
    return a
def bump(a):
    a += 1.0
def f(x, y):
    k = 7
    n = 0
    for v in (x, y):
        if v > 0.7:
            n += 1
"""


def text_of(rnd: random.Random) -> str:
    """Return such a function."""
    names: list[str] = []
    lines = []

    def filled(text: str) -> str:
        one, other = rnd.choice(names), rnd.choice(names)
        return text.format(one, other, rnd.choice(NUMBERS))

    for name in "ab":
        lines.append(f"{name} = {rnd.choice(MAKING).format(*rnd.choices(NUMBERS, k=3))}")  # fmt: skip
        names.append(name)
    if rnd.random() < 0.4:
        lines.append(filled("m = np.array([{0}, {1}])" if rnd.random() < 0.5 else "m = np.vstack([{0}, [{2}, 1.5]])"))  # fmt: skip
    for _ in range(rnd.randrange(1, 5)):
        pick = rnd.randrange(3)
        if lines[2:] and lines[2].startswith("m") and rnd.random() < 0.6:
            lines.append(filled(rnd.choice(ROWS)))
        elif pick and len(names) < 4:
            name = "abcd"[len(names)]
            lines.append(f"{name} = {filled(rnd.choice(OTHERS))}")
            names.append(name)
        else:
            lines.append(filled(rnd.choice(WRITING)))
    names += ["m"] if lines[2].startswith("m") else []
    ends = " + ".join(f"{name}.sum()*{k}.5 + {name}.ravel()[1]" for k, name in enumerate(names, 1))  # fmt: skip
    return HEAD + "".join(f"    {line}\n" for line in [*lines, f"return {ends} + x"])


@pytest.mark.parametrize(
    "count", [75, pytest.param(many(4000), marks=pytest.mark.slow)]
)
def test_arrays_hold_what_numpy_puts_into_them(count: int) -> None:
    rnd = random.Random(f"kinds {count}")
    read = 0
    for _ in range(count):
        file = text_of(rnd)
        try:
            made = compile_function(file, "f", proof=False)
        except GradgenError:
            continue
        for at in ((0.75, 1.25), (2.5, -1.75), (-0.625, 0.375)):
            try:
                wanted = float(run(file, "f", at))
            except (TypeError, ValueError):  # numpy casts no floats to whole numbers
                pytest.fail(f"{file}\nis read, and raises")
            assert made.forward(*at)[0] == pytest.approx(wanted, rel=1e-12), file
        read += 1
    assert read > count / 6


def test_a_list_does_not_grow_by_an_array() -> None:
    for other in ("np.array([1.0, y])", "v"):
        file = f"import numpy as np\ndef f(v, y):\n    a = [y, v[1]]\n    a += {other}\n    return a[-1] + len(a)\n"
        with pytest.raises(GradgenError, match="line 4: a list and an array make"):
            compile_function(file, "f", shape={"v": 2})


def test_shapes_that_numpy_does_not_know_are_refused() -> None:
    for text, why in (
        ("np.array([m, m[:, :1]])", "different lengths"),
        ("np.array([m, m]).T", "three axes"),
        ("m[2:].sum(axis=1)", "too few axes"),
    ):
        file = f"import numpy as np\ndef f(v, m):\n    v, m = np.array(v), np.array(m)\n    return np.sum({text})\n"
        with pytest.raises(GradgenError, match=why):
            compile_function(file, "f", shape={"v": 3, "m": (2, 2)})


def test_a_constant_is_a_whole_number_where_it_is_given_as_one() -> None:
    file = "import numpy as np\ndef f(x, n):\n    a = np.array([n, 3])\n    a[0] = x\n    return a.sum()\n"
    with pytest.raises(GradgenError, match="cuts what is put into it"):
        compile_function(file, "f", const={"n": 2})
    assert compile_function(file, "f", const={"n": 2.0}).forward(0.75)[0] == 3.75
