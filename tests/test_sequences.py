"""Python functions that hold tuples, lists, dicts, arrays and loops over them: equal to what Python computes, or refused at their line."""

from __future__ import annotations

import ast
import functools
import importlib
import math
import operator
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

import gradgen
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.pipeline import regenerate
from gradgen.prove.plain_python import plain_function
from gradgen.read.python.function import read_function
from gradgen.sources import compile_function
from tests.cells import Cells
from tests.conftest import listed, many
from tests.test_pynames import close, evaluate, run

#: Files with a function f(x, y), and why it is refused where it is.
CASES = listed("sequences")
POINTS = [(0.7, 1.3), (1.9, 0.4), (2.5, 2.25)]


@pytest.mark.parametrize("case", CASES, ids=[case["text"][29:90] for case in CASES])
def test_sequences_hold_what_python_says(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(GradgenError) as found:
            read_function(case["text"], "f")
        assert case["refused"] in found.value.message
        assert found.value.message.startswith("line ")
        assert found.value.column is not None
        return
    read = read_function(case["text"], "f")
    # What the proof compares with is read apart from all this.
    assert read.origin is not None
    plain = plain_function(read.origin, ["x", "y"], {})
    assert plain is not None
    for point in POINTS:
        value = run(case["text"], "f", point)
        assert close(evaluate(read, point), value), read.program
        got = tuple(map(float, plain.values(plain.at([*map(mpmath.mpf, point)]))))
        assert close(got if len(got) > 1 else got[0], value)


#: What is done with a sequence `v`, and what the module gives, where that is not what Python does.
DONE: Mapping[str, Callable[[list[float]], float] | None] = {
    "sum(v)": lambda v: functools.reduce(operator.add, v),  # as Python before 3.12
    "math.prod(v)": None,
    "math.dist(v[:1], v[1:2])": None,
    "math.dist(v[:2], v[1:3])": None,
    "math.hypot(*v)": None,
    "max(v) - min(v)": None,
    "np.linalg.norm(v)": lambda v: math.hypot(*v),
    "math.fsum(v)": None,
    "math.fsum(c*v[0] for c in C)": None,
    "math.fsum(C) + v[0]": None,
    "math.fsum(v[:2])": None,
    "math.fsum([])*v[0]": None,
    "math.sumprod(v, v)": None,
    "math.sumprod(v[1:2], v[:1])": None,
}


@pytest.mark.parametrize("count", [6, pytest.param(20, marks=pytest.mark.slow)])
def test_of_sequences_no_digit_is_lost_that_python_keeps(count: int) -> None:
    rnd = random.Random("digits")
    refused = 0
    for text in DONE:
        if "sumprod" in text and not hasattr(math, "sumprod"):
            continue
        for _ in range(count):
            large = [rnd.choice((-1, 1)) * rnd.uniform(1, 9) * 10 ** rnd.choice((-170, 0, 16, 160)) for _ in range(3)]  # fmt: skip
            v = rnd.choice(([*large, -large[0]], [*large, 0.1]))
            file = f"import math\nimport numpy as np\nC = {v}\ndef f(a, b, c, d):\n    v = [a, b, c, d]\n    return {text}\n"
            known = DONE[text]
            as_written = known is None and rnd.random() < 0.5
            try:
                made = compile_function(file, "f", as_written=as_written)
            except GradgenError as error:
                name = "fsum" if "fsum" in text else "sumprod"
                assert f'--means "math.{name}=' in error.message
                refused += 1
                continue
            wanted = run(file, "f", tuple(v)) if known is None else known(v)
            assert made.forward(*v)[0] == pytest.approx(wanted, rel=4e-16, abs=0)
    assert refused >= 2 * count


#: What numpy does with arrays of whole numbers `a` and `b`, to an array or a number.
OF_WHOLE = (
    "a + b", "a - b", "a*b", "a**2", "a**{k}", "{k}*a", "-a", "a[::-1]", "np.power(a, 3)", "np.square(a)", "np.cumsum(a)", "np.diff(a)",
    "np.outer(a, b)[1]", "a // 3", "a % 7", "np.array([3, {k}, 5])", "np.array(a, dtype=float)", "a / 2", "np.arange(3)",
)  # fmt: skip
TO_ONE = ("{0}.sum()", "np.sum({0})", "np.prod({0})", "np.dot({0}, {0})", "{0}[0]*{0}[1]*{0}[0]", "{0}[0]**3", "sum({0})", "{0} @ {0}", "np.polyval({0}, {0}[0])", "np.max({0})**2", "max({0})*{k}")  # fmt: skip


@pytest.mark.parametrize(
    "count", [60, pytest.param(many(6000), marks=pytest.mark.slow)]
)
def test_whole_numbers_of_numpy_are_not_read_where_they_wrap_around(count: int) -> None:
    rnd = random.Random(f"whole {count}")
    read = refused = wrong = 0
    for _ in range(count):
        a, b = ([rnd.choice((-1, 1)) * rnd.randint(1, 10 ** rnd.choice((1, 1, 4, 10))) for _ in range(3)] for _ in range(2))  # fmt: skip
        k = rnd.randint(2, 6)
        lines = [f"a, b = np.array({a}), np.array({b})"]
        for _ in range(rnd.randint(0, 2)):
            lines.append(f"{rnd.choice('ab')} = {rnd.choice(OF_WHOLE)}".format(k=k))
        one = rnd.choice(TO_ONE).format(rnd.choice("ab"), k=k)
        file = "\n    ".join(
            ["import numpy as np\ndef f(x):", *lines, f"return {one}*x\n"]
        )
        try:
            with np.errstate(all="ignore"):
                wanted = float(run(file, "f", (1.0,)))
        except ValueError:
            wanted = math.nan  # a negative power, or arrays that do not fit
        try:
            got = compile_function(file, "f").forward(1.0)[0]
        except GradgenError:
            refused += 1
            continue
        assert got == pytest.approx(wanted, rel=1e-13), file
        read += 1
        wrong += math.isnan(wanted)
    assert min(read, refused) > count / 5 and not wrong


def test_what_is_summed_up_without_loss_may_mean_a_plain_sum() -> None:
    file = "import math\nfrom mine import add\ndef f(x, y):\n    return math.fsum([1e16, x, -1e16]) + add([x, y]) + math.sumprod((x, y), (y, x))\n"
    means = {"math.fsum": "sum", "mine.add": "sum", "math.sumprod": "dot"}
    made = compile_function(file, "f", means=means)
    assert made.forward(1.0, 3.0)[0] == 4.0 + 6.0
    with pytest.raises(GradgenError, match="cannot mean `fsum`"):
        compile_function(file, "f", means={"math.fsum": "fsum"})


def test_a_table_is_read_where_it_stands() -> None:
    text = """
COEFFICIENTS = [1.5, -0.25, 1/3]  # of the fit


def poly(x):
    \"\"\"A polynomial.\"\"\"
    total = 0.0
    for power, c in enumerate(COEFFICIENTS):
        total += c*x**power
    return total
"""
    compiled = compile_function(text, "poly")
    assert not compiled.unproven
    assert compiled.forward(2.0)[0] == pytest.approx(1.5 - 0.5 + 4 / 3, rel=1e-15)
    assert "COEFFICIENTS2 = 1 / 3  # of the fit" in compiled.recipe.source


TABLES = """
TABLE = [0.5, 2.0]
BY_NAME = {"slow": (1.0, 2.0), "fast": (3.0, 4.0)}


def level(x, y):
    slow, fast = BY_NAME["slow"]
    return TABLE[1]*x + slow*y - fast
"""


def test_a_function_in_hand_has_the_tables_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tables_of_levels.py").write_text(TABLES)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("tables_of_levels")
    made = gradgen.differentiate(module.level)
    assert made.forward(2.0, 3.0)[0] == module.level(2.0, 3.0) and not made.unproven
    module.TABLE[1] = 3.0
    with pytest.raises(GradgenError, match="`TABLE` is .0.5, 3.0. now, and .0.5, 2.0. in line 2"):  # fmt: skip
        gradgen.differentiate(module.level)
    module.TABLE[1] = 2.0
    module.BY_NAME["slow"] = (1.0, 5.0)
    with pytest.raises(GradgenError, match="`BY_NAME` is "):
        gradgen.differentiate(module.level)


def test_tables_of_notebooks_are_what_they_are_now() -> None:
    cells = Cells()
    cells.run("import gradgen\nT = [1.0, {'a': (2.0, -3)}]")
    text = "def f(x):\n    return T[0]*x + T[1]['a'][1]"
    made = cells.run(f"@gradgen.differentiate\n{text}")
    assert made(2.0) == -1.0 and not made.unproven
    cells.run("T[0] = 5.0")
    assert cells.run(f"@gradgen.differentiate\n{text}")(2.0) == 7.0


PARAMETERS = """
import math
import numpy as np


def dist(p, q):
    \"\"\"Distance.

    Args:
        p: the first point
    \"\"\"
    x, y = p
    return math.hypot(x - q[0], y - q[1])


def dot(x: tuple[float, float], y: tuple[float, float]) -> float:
    return sum(a*b for a, b in zip(x, y))


def poly(x, coeffs=(1.0, 2.0, -0.5)):
    total = 0.0
    for c in reversed(coeffs):
        total = total*x + c
    return total


def norm(x):
    return np.linalg.norm(x) + len(x)


def rosen(x):
    return (1 - x[0])**2 + 100*(x[1] - x[0]**2)**2


def length(x):
    return x[0]*len(x)


def doubled(x):
    return sum(x*2) + x[0]


def kind(x):
    return x[0] if isinstance(x, list) else x[1]


def clash(x, x0, x_0, x_at1):
    return x[1]*x0


def optional(x, weights=None):
    if weights is None:
        return x
    return x*sum(weights)


def inner(x, y):
    return sum(map(lambda x: x*y, (1.0, 2.0))) + x
"""


@pytest.mark.parametrize(
    ("name", "options", "inputs", "call"),
    [
        ("dist", {}, "p0 p1 q0 q1", lambda f, a, b, c, d: f((a, b), (c, d))),
        ("dot", {}, "x0 x1 y0 y1", lambda f, a, b, c, d: f((a, b), (c, d))),
        ("poly", {}, "x coeffs0 coeffs1 coeffs2", lambda f, x, *c: f(x, c)),
        ("norm", {"shape": "x=3"}, "x0 x1 x2", lambda f, *x: f(x)),
        ("norm", {"shape": {"x": 1}}, "x0", lambda f, *x: f(x)),
        ("rosen", {}, "x0 x1", lambda f, *x: f(x)),
        ("rosen", {"shape": "x=3"}, "x0 x1 x2", lambda f, *x: f(x)),
        ("length", {"shape": "x=2"}, "x0 x1", lambda f, *x: f(x)),
        ("optional", {}, "x", lambda f, x: f(x)),
        (
            "optional",
            {"shape": "weights=2"},
            "x weights0 weights1",
            lambda f, x, *w: f(x, w),
        ),
        ("inner", {}, "x y", lambda f, *at: f(*at)),
    ],
)
def test_a_parameter_may_be_a_sequence(
    name: str, options: dict[str, Any], inputs: str, call: Any
) -> None:
    compiled = compile_function(PARAMETERS, name, **options)
    assert compiled.program.inputs == (*inputs.split(),) and not compiled.unproven
    space: dict[str, Any] = {}
    exec(PARAMETERS, space)  # noqa: S102
    at = (0.75, -1.25, 2.5, 0.5)[: len(compiled.program.inputs)]
    assert compiled.forward(*at)[0] == pytest.approx(float(call(space[name], *at)), rel=1e-13)  # fmt: skip
    assert regenerate(compiled.recipe).source == compiled.source
    if name == "poly":
        assert compiled.forward(2.0)[0] == space["poly"](2.0)
    if name == "dist":
        words = ast.get_docstring(ast.parse(compiled.source)) or ""
        assert "For p = (p0, p1), q = (q0, q1)." in words
        assert "p0: the first point" in compiled.source


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("length", {}, "`x` is a sequence here; say how many numbers it holds, as in --shape \"x=3\""),
        ("norm", {}, "`x` is a sequence here; say how many numbers it holds, as in --shape \"x=3\""),
        ("doubled", {"shape": "x=2"}, "what this operator makes of a sequence depends on its kind"),
        ("kind", {"shape": "x=2"}, "of which type this is depends on who calls"),
        ("clash", {}, "the numbers in `x` are x0, x1, and a parameter is called so as well"),
        ("rosen", {"shape": "y=2"}, "`y`, of which --shape speaks, is no parameter"),
        ("rosen", {"shape": "x=0"}, "--shape is written as in"),
        ("rosen", {"shape": "x=1"}, "the index 1 is out of range"),
    ],
)  # fmt: skip
def test_of_parameters_that_are_sequences_all_is_told(
    name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(GradgenError) as found:
        compile_function(PARAMETERS, name, **options)
    assert message in found.value.message


def test_the_command_line_and_a_project_say_how_long_parameters_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(PARAMETERS)
    assert main(["compile", "model.py:norm", "--shape", "x=2", "-o", "norm.py"]) == 0
    Path("pyproject.toml").write_text(
        '[[tool.gradgen.modules]]\nsource-file = "model.py:norm"\noutput = "norm.py"\nshape = "x=2"\n'
    )
    assert main(["build", "--check"]) == main(["check", "norm.py"]) == 0
    capsys.readouterr()


#: Functions of rows whose lengths they tell, with these; and such as do not.
ROWS = {
    "a, b = m[0]\n    c, d = m[1]\n    return a*d - b*c": "2x2",
    "return m[0][0]*m[1][1] - m[0][1]*m[1][0]": "2x2",
    "p = m[0]\n    q = m[1]\n    return p[0]*q[2] - p[1]*q[0]": "2x3",
    "a, b, c = m[0]\n    return a*b + c*m[1][2]": "2x3",
    "p = m[0]\n    return p[0]*p[1] + sum(p)": "",
    "a, b = m[0]\n    c, d, e = m[1]\n    return a*b + c*d*e": "",
    "p = m[0]\n    m[1][0] = 2.0\n    return p[0]*p[1]": "",
    "return m[0][1]*len(m[1])": "",
}


@pytest.mark.parametrize("lines", ROWS)
def test_how_long_rows_are_the_function_tells(lines: str) -> None:
    file = f"def f(m):\n    {lines}\n"
    size = ROWS[lines]
    if not size:
        with pytest.raises(GradgenError) as found:
            compile_function(file, "f")
        assert found.value.line
        return
    made = compile_function(file, "f")
    rows, columns = map(int, size.split("x"))
    assert len(made.program.inputs) == rows * columns
    rnd = random.Random(size)
    for _ in range(20):
        m = [[rnd.uniform(-2, 2) for _ in range(columns)] for _ in range(rows)]
        value = made.forward(*(x for row in m for x in row))[0]
        assert value == pytest.approx(run(file, "f", (m,)), rel=1e-14)  # type: ignore[arg-type]
        assert not made.unproven
