"""What derivatives are written with that are run on arrays: shapes of numbers, arrays of one value, and Jacobians put together from columns."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradgen.audit.compare import audit
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files.finder import Finder
from gradgen.read.python.follow.imports import Imports
from gradgen.sources import compile_function, imports_of

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


ROSEN = """import numpy as np
from numpy import asarray


def rosen(x):
    x = asarray(x)
    return np.sum(100.0 * (x[1:] - x[:-1]**2.0)**2.0 + (1 - x[:-1])**2.0, axis=0, dtype=x.dtype)


def rosen_der(x):
    x = asarray(x)
    xm = x[1:-1]
    xm_m1 = x[:-2]
    xm_p1 = x[2:]
    der = np.zeros_like(x)
    der[1:-1] = (200 * (xm - xm_m1**2) -
                 400 * (xm_p1 - xm**2) * xm - 2 * (1 - xm))
    der[0] = -400 * x[0] * (x[1] - x[0]**2) - 2 * (1 - x[0])
    der[-1] = 200 * (x[-1] - x[-2]**2)
    return der


def rosen_grad(x):
    x = asarray(x)
    g = np.zeros(len(x))
    t = x[1:] - x[:-1]**2
    g[:-1] += -400 * x[:-1] * t - 2 * (1 - x[:-1])
    g[1:] += 200 * t
    return g


def put(x):
    a = np.ones(6)
    a[::2] = x[0]
    a[1:3] = [x[1], x[2]]
    a[-1:] = (x[0] * x[1],)
    a[5:] -= x[2]
    a[2:2] = 7.0
    a[:2] *= np.asarray(x)[:2]
    return a
"""


@pytest.mark.parametrize("name", ["rosen", "rosen_der", "rosen_grad", "put"])
@pytest.mark.parametrize("size", [3, 6])
def test_slices_are_assigned_as_numpy_does(name: str, size: int) -> None:
    space: dict[str, Any] = {}
    exec(ROSEN, space)  # noqa: S102 - our own text
    made = compile_function(ROSEN, name, shape={"x": size})
    assert not made.unproven
    draw = np.random.default_rng(size)
    for _ in range(3):
        x = draw.uniform(-2, 2, size)
        given = {f"x{n}": float(v) for n, v in enumerate(x)}
        got = made.forward(*(given[each] for each in made.program.inputs))[0]
        assert np.ravel(got) == pytest.approx(np.ravel(space[name](x)), rel=1e-12)


@pytest.mark.parametrize("name", ["rosen_der", "rosen_grad"])
@pytest.mark.parametrize("size", [2, 3, pytest.param(7, marks=pytest.mark.slow)])
def test_a_gradient_is_audited_that_is_made_by_slices(name: str, size: int) -> None:
    imports = Imports(shapes={"x": (size,)})

    def verdicts(text: str) -> list[str]:
        said = audit(text, "rosen", text, name, imports=(imports, imports))
        return [finding.verdict for finding in said.findings]

    assert verdicts(ROSEN) == ["right"] * size
    wrong = ROSEN.replace("- 2 * (1 - xm))", "+ 2 * (1 - xm))")
    wrong = wrong.replace("g[1:] += 200", "g[1:] -= 200")
    assert verdicts(wrong).count("wrong") == (size - 2 if name == "rosen_der" else size - 1)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("a = np.array([1, 2])\n    a[:] = x[0]\n    return a[0]", "whole numbers cuts"),
        ("a = np.zeros(3)\n    a[1:] = [x[0]] * 3\n    return a[1]", "3 values are put where there are 2"),
        ("a = [0.0, 1.0]\n    a[:1] = [x[0], x[1]]\n    return a[1]", "a slice is not assigned"),
        ("a = np.zeros((2, 2))\n    a[0:] = x[0]\n    return a[0, 0]", "of one axis"),
        ("a = np.zeros(2)\n    a[:] = {x[0]: 1.0}\n    return a[1]", "a key of a dict"),
        ("a = np.zeros(2)\n    b = a[1:]\n    a[:] = x[0]\n    return b[0]", "held elsewhere"),
        # Of an array the caller's own would change, of a list a copy.
        ("a = np.asarray(x)\n    a[0] = 5.0\n    return a[0] * x[0]", "by who calls"),
        ("a = np.asarray(x)\n    a += 1.0\n    return a[0] * x[0]", "by who calls"),
    ],
)  # fmt: skip
def test_what_is_put_into_slices_fits_or_is_refused(body: str, words: str) -> None:
    text = f"import numpy as np\n\n\ndef f(x):\n    {body}\n"
    with pytest.raises(GradgenError, match=words):
        compile_function(text, "f", shape={"x": 2})


def test_the_rosenbrock_function_of_scipy_is_right() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    file = Path(optimize.__file__).with_name("_optimize.py")
    text = file.read_text("utf-8")
    if "xp.isdtype(x.dtype, 'integral')" in text:
        pytest.skip("this SciPy's rosen asks which numbers an array holds")
    made = compile_function(text, "rosen", shape={"x": 4}, file=file)
    x = np.array([0.3, -1.2, 0.7, 1.1])
    value, cache = made.forward(*x)
    assert not made.unproven and value == pytest.approx(optimize.rosen(x), rel=1e-14)
    assert made.backward(cache) == pytest.approx(optimize.rosen_der(x), rel=1e-13)
    imports = imports_of(Finder(file), {"shape": {"x": 4}})
    said = audit(text, "rosen", text, "rosen_der", imports=(imports, imports))
    assert [finding.verdict for finding in said.findings] == ["right"] * 4


FOUND = """import numpy as np

EPS = np.finfo(float).eps


def kernel(h, x, y):
    return np.exp(-(x - y)**2 / (2 * h**2)) / h


def d_kernel(h, x, y):
    return 2 * (x - y) * kernel(h, x, y) / h**2


def chain(x):
    x = np.asarray(x)
    return np.sum(x[1:] * x[:-1]**2)


def chain_prime(x):
    x = np.asarray(x)
    g = np.zeros_like(x)
    g[1:] += x[:-1]**2
    g[:-1] += x[1:] * x[:-1]
    return g


class Fit:
    def fun(self, d, sign=1.0):
        return sign * (2 * d[0] * d[1] - d[0]**2)

    def jac(self, d, sign=1.0):
        return np.array([sign * (2 * d[1] - 2 * d[0]), sign * 2 * d[0]], float)


class Logit:
    def __init__(self, scale):
        self.scale = scale

    def cdf(self, z):
        return 1 / (1 + np.exp(-z / self.scale))

    def pdf(self, z):
        return np.exp(-z) / (self.scale * (1 + np.exp(-z / self.scale))**2)

    def rho(self, z):
        return z**2 * 0.5

    def psi(self, z):
        z = np.asarray(z)
        return z * np.ones(z.shape, np.float64)

    def inverse(self, z):
        return np.clip(z, EPS, np.inf)**2

    def inverse_deriv(self, z):
        return 2 * np.clip(z, EPS, np.inf) * (1.0 if z > EPS else 0.0)
"""


def test_a_folder_tells_by_what_and_of_how_many_numbers_slopes_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.py").write_text(FOUND)
    assert main(["audit", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    said = [line.partition(": ")[2] for line in out.splitlines() if "model.py:" in line]
    assert said == [
        "d_kernel of kernel: wrong",
        "chain_prime of chain for x=3: right, wrong",
        "Fit.jac of Fit.fun: right",
        "Logit.inverse_deriv of Logit.inverse: right",
        "Logit.psi of Logit.rho: right",
        "Logit.pdf of Logit.cdf: wrong",
    ]
    # By x it would have the other sign as well.
    assert "dkernel/dy  wrong" in out and "a factor 2 too much" in out
    assert "by x0, x1, x2" in out and "by z" in out


def test_fewer_slopes_than_parameters_are_by_those_that_they_fit() -> None:
    head = "def f(x, y, k):\n    return x**2 * y + k\n\n\ndef f_prime(x, y, k):\n    return "
    for slopes, by, verdicts in (
        ("2 * x * y, x**2", "by x, y: the first 2", ["right", "right"]),
        ("x**2, 1.0", "by y, k: the last 2", ["right", "right"]),
        ("2 * x * y, x**3", "by x, y: the first 2", ["right", "wrong"]),
        ("x**2, 2.0", "by y, k: the last 2", ["right", "wrong"]),
    ):
        text = f"{head}{slopes}\n"
        said = audit(text, "f", text, "f_prime")
        assert said.arranged.startswith(by)
        assert [finding.verdict for finding in said.findings] == verdicts


@pytest.mark.parametrize("high", ["np.inf", "b"])
def test_a_clip_without_a_bound_above_is_a_maximum(high: str) -> None:
    text = f"import numpy as np\n\n\ndef f(x):\n    b = np.inf\n    return np.clip(x, 0.5, {high}) * x\n"
    made = compile_function(text, "f")
    assert not made.unproven
    assert "invalid" not in made.source
    for x in (0.2, 3.0):
        assert made.forward(x)[0] == pytest.approx(max(x, 0.5) * x)
    with pytest.raises(GradgenError, match="not a finite number"):
        compile_function(text.replace("np.clip(x, 0.5,", "np.hypot(x,"), "f")


@pytest.mark.parametrize(
    ("cdf", "pdf"),
    [
        ("special.ndtr(x / s)", "np.exp(-(x / s)**2 / 2) / np.sqrt(2 * np.pi) / s"),
        ("special.expit(x / s)", "np.exp(-x / s) / (s * (1 + np.exp(-x / s))**2)"),
        ("1 - np.exp(-x / s)", "np.exp(-x / s) / s"),
        ("np.exp(-np.exp(-x / s))", "np.exp(-(x / s + np.exp(-x / s))) / s"),
    ],
)
def test_a_density_is_right_far_out_where_no_digit_tells(cdf: str, pdf: str) -> None:
    head = "import numpy as np\nfrom scipy import special\n\n\n"
    text = f"{head}def f(x, s):\n    return {cdf}\n\n\ndef f_prime(x, s):\n    return {pdf}\n"
    (said,) = audit(text, "f", text, "f_prime", wrt=("x",)).findings
    assert said.verdict == "right", said
    wrong = text.replace(f"return {pdf}", f"return 1.1 * {pdf}")
    (said,) = audit(wrong, "f", wrong, "f_prime", wrt=("x",)).findings
    assert said.verdict == "wrong" and said.reason == "a factor 11/10 too much"


def test_a_density_is_meant_within_its_support(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = "import numpy as np\n\n\nclass Left:\n    def cdf(self, x):\n        return np.exp(-np.abs(x))\n\n    def pdf(self, x):\n        return np.exp(-np.abs(x))\n"
    path = tmp_path / "model.py"
    for text, code, said in (
        (left, 0, "right at other points"),
        (left.replace("return np.exp(-np.abs(x))\n\n", "return 2 * np.exp(-np.abs(x))\n\n"), 1, "wrong"),
        (left.replace("pdf", "derivative").replace("cdf", "value"), 1, "wrong"),
    ):  # fmt: skip
        path.write_text(text)
        assert main(["audit", str(path)]) == code
        assert said in capsys.readouterr().out


def test_a_copy_of_all_names_binds_none() -> None:
    text = "import math\n\n\ndef f(x):\n    return math.exp(x)\n\n\nPAIRS = [*globals().copy().items()]\n"
    assert compile_function(text, "f").forward(0.5)[0] == pytest.approx(np.exp(0.5))
    for odd in ("PAIRS = globals()", "globals().copy().update\nglobals()['f'] = 3", "setattr(globals().copy()['math'], 'exp', abs)"):  # fmt: skip
        with pytest.raises(GradgenError, match="may"):
            compile_function(text.replace("PAIRS = [*globals().copy().items()]", odd), "f")  # fmt: skip
