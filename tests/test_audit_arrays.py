"""What derivatives are written with that are run on arrays: shapes of numbers, arrays of one value, and Jacobians put together from columns."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from gradgen.audit.compare import audit
from gradgen.errors import GradgenError
from gradgen.sources import compile_function

READ = """import numpy as np


def ones(x, a):
    return -1 / a * np.ones(x.shape) + x * np.zeros(x.shape) + np.ones_like(x)


def sizes(x, a):
    return x**2 * (1 + x.ndim) + a * x.size + x.T


def full(x, a):
    return np.full_like(x, a) * x + np.full(x.shape, 2.5)


def parts(x, a):
    v = np.array([x, a, 2.0])
    return np.full_like(v, a)[1] * v[0] + np.full(v.shape, x)[2]


def below(x, a):
    return np.vstack((x, a * x))[1, 0] + np.column_stack((x, a))[0, 1]


def beside(x, a):
    v = np.array([x, a, 2.0])
    m = np.column_stack((v, v * x))
    n = np.vstack((v, [1.0, 2.0, a]))
    k = np.hstack((v, [x, a]))
    q = np.stack((v, v * a), axis=-1)
    z = np.hstack((m, q))
    return m[2, 1] + n[1, 2] * k[4] + q[0, 1] + z[1, 3] * z.shape[1] + np.stack([x, a])[1]


def turned(x, a):
    m = np.vstack((np.zeros((2, 2)), [x, a]))
    return m[2, 1] + np.column_stack(([[x], [a]], [1.0, a]))[1, 1] + np.column_stack((x, a)).T[1, 0]
"""
NAMES = ("ones", "sizes", "full", "parts", "below", "beside", "turned")


@pytest.mark.parametrize("name", NAMES)
def test_arrays_of_one_value_are_what_numpy_makes(name: str) -> None:
    space: dict[str, Any] = {}
    exec(READ, space)  # noqa: S102 - our own text
    made = compile_function(READ, name)
    assert not made.unproven
    draw = random.Random(name)
    for _ in range(5):
        at = [np.float64(draw.uniform(-2, 2)) for _ in "xa"]
        true = float(space[name](*at))
        given = dict(zip("xa", map(float, at)))
        got = made.forward(*(given[each] for each in made.program.inputs))[0]
        assert got == pytest.approx(true, rel=1e-12)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("c = 2.0\n    return x * c.size", "read with a dot"),
        ("c = x * 2\n    return c.size * x", "read with a dot"),
        ("return np.full_like(2, x)", "cuts what is put into it"),
        ("return np.full_like(np.array([1, 2]), x)[0]", "cuts what is put into it"),
        ("return np.hstack(([[x]], [x]))[0]", "numbers of axes"),
        ("return np.stack((x, x), axis=1)[0]", "`stack` takes"),
        ("return np.vstack(([x, x], [x]))[0, 0]", "different lengths"),
    ],
)
def test_what_python_or_numpy_would_do_otherwise_is_refused(body: str, words: str) -> None:  # fmt: skip
    text = f"import numpy as np\n\n\ndef f(x):\n    {body}\n"
    with pytest.raises(GradgenError, match=words):
        compile_function(text, "f")


@pytest.mark.parametrize(
    "returned",
    [
        "np.array([[y, x], [y * e, e]])",
        "np.vstack(([y, x], [y * e, e]))",
        "np.column_stack(([y, y * e], [x, e]))",
        "np.column_stack(([y, x], [y * e, e])).T",
        "np.array([[y, y * e], [x, e]]).T",
        "np.stack([np.array([y, x]), np.array([y, 1.0]) * np.array([e, e])])",
        "rows",
        "[rows[0], rows[1]]",
        "np.asarray(rows)",
    ],
)
def test_jacobians_are_read_however_they_are_put_together(returned: str) -> None:
    head = "import numpy as np\n\n\ndef f(x, y):\n    return x * y, y * np.exp(x)\n\n\n"
    body = (
        "def j(x, y):\n    e = np.exp(x)\n    rows = [[y, x], [y * e, e]]\n    return "
    )
    text = f"{head}{body}{returned}\n"
    said = audit(text, "f", text, "j")
    assert [f.verdict for f in said.findings] == ["right"] * 4, [*said.lines()]
    assert said.arranged.endswith("its rows are of one result each")
    wrong = text.replace("e = np.exp(x)", "e = np.exp(y)")
    assert audit(wrong, "f", wrong, "j").wrong


WAYS = """def rows(x):
    if x > 0:
        return [[x, 1.0], [2.0]]
    return [[x], [1.0, 3.0]]


def keys(x):
    if x > 0:
        return {'a': x, 'b': 2.0}
    return {'b': x, 'a': 2.0}


def of_rows(x):
    r = rows(x)
    return len(r[0]) + r[1][0] + x


def of_keys(x):
    return keys(x)['a'] * x
"""


@pytest.mark.parametrize("name", ["of_rows", "of_keys"])
def test_ways_return_rows_of_the_same_lengths_and_dicts_of_the_same_keys(name: str) -> None:  # fmt: skip
    with pytest.raises(GradgenError, match="of other lengths or keys"):
        compile_function(WAYS, name)
