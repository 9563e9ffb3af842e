"""The decorator takes the very function that it is put on, in files, notebooks and interactive sessions."""

from __future__ import annotations

import importlib
import linecache
import math
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath
import pytest

import gradgen
from gradgen.errors import GradgenError
from gradgen.prove.plain import Plain
from gradgen.prove.plain_python import plain_function
from gradgen.read.python.function import read_helper
from tests.cells import Cells


def times(factor: float) -> Any:
    """Return a decorator whose function reads a variable around it."""
    return lambda function: lambda x: factor * function(x)


def twofold(x: float) -> float:
    return x


FIRST = twofold


def twofold(x: float) -> float:  # type: ignore[no-redef]
    return 100 * x


def test_the_decorator_takes_the_very_function() -> None:
    assert gradgen.differentiate(FIRST)(3.0) == 3.0
    assert gradgen.differentiate(twofold)(3.0) == 300.0
    with pytest.raises(GradgenError, match="a lambda"):
        gradgen.differentiate(times(10)(twofold))
    factor = 3.0

    def scaled(x: float) -> float:
        return factor * x

    with pytest.raises(GradgenError, match="`factor` belongs to the function around"):
        gradgen.differentiate(scaled)

    @gradgen.differentiate
    def scaled2(x: float, k: float = factor) -> float:
        return math.exp(k * x)

    assert scaled2(0.5, 2.0) == math.exp(1.0) and scaled2(0.5) == math.exp(1.5)


def test_the_decorator_works_in_a_notebook() -> None:
    cells = Cells()
    cells.run(
        "import math, gradgen, numpy as np\nfrom numpy import cos\nfrom math import exp as e\nK = 2.0\nM = np.float64(3.0)"
    )
    cells.run("def g(x, k=K):\n    return x*k + K")
    cells.run("K = 5.0")
    made = cells.run(
        "@gradgen.differentiate\ndef f(t, a):\n    decay = math.exp(-t)  # what is left\n    return a*decay*K + g(a) + e(t)*M + cos(t)"
    )
    value = 0.5 * math.exp(-0.25) * 5 + (0.5 * 2 + 5) + math.exp(0.25) * 3 + math.cos(0.25)  # fmt: skip
    assert made(0.25, 0.5) == pytest.approx(value, rel=1e-15)
    assert "what is left" in made.source
    cells.run("K = 7.0\nname = 'text'\nclosed = (lambda c: lambda x: c*x)(2)")
    assert made(0.25, 0.5) == pytest.approx(value, rel=1e-15)
    for text, message in (
        ("@gradgen.differentiate\ndef f(x): return x*name", "text has no place in a formula"),
        ("@gradgen.differentiate\ndef f(x): return x*K\nK = 8.0", "not bound yet"),
        ("K = 1.0\nK = 2.0\n@gradgen.differentiate\ndef f(x): return x*K", "bound more than once"),
        ("@gradgen.differentiate\ndef f(x): return closed(x)", "`closed` cannot be read: the source of a lambda"),
        ("@gradgen.differentiate\ndef f(x): return unknown(x)", "`unknown` is neither"),
        ("from json import loads\n@gradgen.differentiate\ndef f(x): return loads(x)", '--means "json.loads=NAME"'),
    ):  # fmt: skip
        with pytest.raises(GradgenError) as found:
            cells.run(text)
        assert message in found.value.message


CELLS = [
    "import math, gradgen, numpy as np\nfrom math import tanh as squash\nN = 2\nC = np.float64(0.75)\nfloat_of = float",
    "def g(u, w=C - 2):\n    return u*w - N",
    "C = -1.5  # which the default of g does not see\ndef h(t):\n    s = t\n    for i in range(N):\n        s += g(s)*squash(t)\n    return s",
]  # fmt: skip
PARTS = ("h(x)", "g(y)", "g(u=x, w=C)", "C*x", "N*y", "squash(x*y)", "math.exp(-y)", "np.cos(x)", "abs(y - C)", "max(x, y, C)",
         "(x if x > C else y)", "pow(x, N)", "x**N", "y % 0.75", "-C**2*y")  # fmt: skip


@pytest.mark.parametrize("count", [25, pytest.param(300, marks=pytest.mark.slow)])
def test_functions_of_notebooks_are_held_to_their_own_tree(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read is right, and what is read wrong is refused: the tree is followed apart from the reading."""
    cells = Cells()
    for text in CELLS:
        cells.run(text)
    plains: list[Plain | None] = []

    def watched(*args: Any) -> Plain | None:
        plains.append(plain_function(*args))
        return plains[-1]

    monkeypatch.setattr("gradgen.sources.plain_function", watched)
    for seed in range(count):
        rnd = random.Random(seed)
        first, second, third = (rnd.choice(PARTS) for _ in range(3))
        body = f"def f(x, y=C):\n    u = {first}\n    v = u*{second} + 0.5\n    return v - {third}"
        made = cells.run(f"@gradgen.differentiate\n{body}")
        function = cells.run(body)
        point = (rnd.uniform(-1, 1), rnd.uniform(-1, 1))
        assert made(*point) == pytest.approx(function(*point), rel=1e-12), body
        assert made(0.5) == pytest.approx(function(0.5), rel=1e-12)
        (plain,) = plains
        assert plain is not None, body
        (value,) = plain.values(plain.at([mpmath.mpf(part) for part in point]))
        assert float(value) == pytest.approx(function(*point), rel=1e-12), body
        plains.clear()

    def wrong(*args: Any) -> Any:
        found = read_helper(*args)
        return replace(found, program=found.program.replace("-1.5", "-2.5"))

    monkeypatch.setattr("gradgen.decorator.read_helper", wrong)
    with pytest.raises(GradgenError, match="the function gives"):
        cells.run("@gradgen.differentiate\ndef f(x): return C*x + h(x)")
    cells.run("range = [1]")
    with pytest.raises(GradgenError, match="`range` is a value, no function"):
        cells.run("@gradgen.differentiate\ndef f(x): return h(x)")


def test_the_decorator_works_in_an_interactive_session() -> None:
    """Or says in one line why it cannot, on a Python whose console keeps no sources."""
    lines = "import gradgen, math\nK = 2.0\n@gradgen.differentiate\ndef f(x):\n    return K*math.exp(x)\n\nprint(f(0.0))\n"
    command = [sys.executable, "-i", "-q"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)  # fmt: skip
    if sys.version_info >= (3, 13):
        assert "2.0" in done.stdout, done.stderr
    else:
        assert (
            "GradgenError: the source of `f` cannot be found, since the console keeps none before Python 3.13; "
            "put the function into a file, or into a cell of a notebook\n"
        ) in done.stderr
    scope: dict[str, Any] = {}
    exec("def made(x): return x*x", scope)  # noqa: S102
    with pytest.raises(GradgenError, match="the source of `made` cannot be found; put"):
        gradgen.differentiate(scope["made"])


def test_a_file_that_was_edited_since_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    text = "import math\n\n\ndef level(x, k=2.0):\n    y = math.exp(x*k)\n    return y*3.0 + 1\n"
    (tmp_path / "edited_since.py").write_text(text)
    level = importlib.import_module("edited_since").level
    assert gradgen.differentiate(level)(0.0) == 4.0
    for was, now in (("3.0", "2.0"), ("x*k", "x+k"), ("exp", "sin"), ("y*3", "x*3"), ("+ 1", "- 1"),
                     ("def", "\ndef"), ("level", "depth"), ("x, k", "k, x")):  # fmt: skip
        (tmp_path / "edited_since.py").write_text(text.replace(was, now))
        linecache.clearcache()
        with pytest.raises(GradgenError, match="no longer|not where it was defined"):
            gradgen.differentiate(level)


def test_a_constant_that_was_changed_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets `model.K` wants that, and the file says something else."""
    monkeypatch.syspath_prepend(tmp_path)
    text = "G = -2.5\nK = G**2\nL = 1.0\n\n\ndef rate(x):\n    return K*x\n\n\ndef level(x):\n    return rate(x) + G\n"
    (tmp_path / "changed_since.py").write_text(text)
    module = importlib.import_module("changed_since")
    assert gradgen.differentiate(module.level)(2.0) == 10.0
    vars(module).update(L=3.0)  # which no line of the function reads
    assert gradgen.differentiate(module.level)(2.0) == 10.0
    vars(module).update(K=7.0)
    for function in (module.rate, module.level):
        with pytest.raises(GradgenError, match=r"`K` is 7.0 now, and 6.25 in line 2;"):
            gradgen.differentiate(function)
