"""Lines that make a derivative right: in the file's own words, and right where they are run."""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

from gradgen.audit.compare import audit
from gradgen.audit.finding import Audit
from gradgen.audit.pairs import pairs
from gradgen.command.main import main
from gradgen.corrected import Corrected, Pair, corrected
from gradgen.errors import GradgenError
from gradgen.read.python.follow.imports import Imports
from tests.conftest import many
from tests.test_audit import FUNCTIONS, mutants, written

#: What `math` calls otherwise than numpy.
_ARCS = {f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "tan2")}


def righted(text: str, **options: Any) -> tuple[Audit, Corrected | None]:
    said = audit(text, "f", text, "f_prime", **options)
    return said, corrected(Pair(text, "f", text, "f_prime"), said)


def run(text: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(text, space)  # noqa: S102 - our own text
    return space


def truth(text: str, names: Sequence[str]) -> Any:
    """Return the slopes of a formula, by mpmath's differences."""
    symbols = {n: sympy.Symbol(n) for n in [*names, "S", "K", "T", "R", "E", "I", "N"]}
    formula = sympy.S(text, symbols)
    value = sympy.lambdify([symbols[n] for n in names], formula, "mpmath")

    def slopes(point: Sequence[float]) -> list[float]:
        with mpmath.workdps(60):
            at = [mpmath.mpf(x) for x in point]
            units = [tuple(int(i == k) for k in range(len(at))) for i in range(len(at))]
            return [float(mpmath.diff(value, (*at,), unit)) for unit in units]

    return slopes


def hold(made: Corrected, text: str, names: Sequence[str]) -> None:
    """Run what was made, and compare it with mpmath."""
    function = run(made.text)["f_prime"]
    exact = truth(text, names)
    draw = random.Random(made.text)
    held = 0
    for _ in range(6):
        point = [draw.uniform(0.2, 0.9) for _ in names]
        try:
            got = function(*point)
        except (ArithmeticError, ValueError):
            continue
        assert [*map(float, got)] == pytest.approx(exact(point), rel=1e-9), made.text
        held += 1
    assert held or "sqrt" in made.text or "log" in made.text


def styled(text: str, style: int) -> str:
    """Return a file in one of several styles: with `math`, numpy's names, or with functions by themselves; in lists, arrays or names."""
    *head, last = ast.parse(text).body
    assert isinstance(last, ast.FunctionDef)
    (returned,) = last.body
    assert isinstance(returned, ast.Return) and isinstance(returned.value, ast.Tuple)
    parts = [ast.unparse(part) for part in returned.value.elts]
    body = [
        f"    return ({''.join(f'{part}, ' for part in parts)})",
        "    return [\n" + "".join(f"        {part},\n" for part in parts) + "    ]",
        "\n".join(f"    d_{n} = {part}" for n, part in enumerate(parts))
        + f"\n    return np.array([{', '.join(f'd_{n}' for n in range(len(parts)))}])",
        f"    return [{', '.join(parts)}]",
    ][style]
    found = "\n\n\n".join(
        [*map(ast.unparse, head), f"def f_prime({ast.unparse(last.args)}):\n{body}\n"]
    )
    if style == 3:
        used = sorted({*re.findall(r"math\.(\w+)", found)}) or ["pi"]
        found = re.sub(r"math\.(\w+)", r"\1", found)
        return found.replace("import math", f"from math import {', '.join(used)}, exp, sin, cos, log, sqrt, tanh, hypot, pi")  # fmt: skip
    if style:
        found = re.sub(r"math\.(\w+)", lambda m: f"np.{_ARCS.get(m[1], m[1])}", found)
        found = found.replace("import math", "import numpy as np")
    return found.replace(" ** ", "**") if style == 2 else found


def compare(text: str, style: int, count: int) -> tuple[int, int]:
    """Correct mutants; return how many were, of how many."""
    file, names = written(text)
    wrong = right = 0
    for number, mutant in enumerate(mutants(file, count)):
        file = styled(mutant, (style + number) % 4)
        try:
            said, made = righted(file)
        except GradgenError:
            continue
        if not said.wrong:
            assert made is None or not made.lines
            continue
        wrong += 1
        if made is None:
            continue
        right += 1
        hold(made, text, names)
        new = "\n".join(made.lines)
        head = file.partition("\n")[0]
        if "numpy" in head:
            assert "math." not in new
        elif head.startswith("from"):
            assert "math." not in new and "np." not in new
        assert new in made.text
    return right, wrong


def test_lines_are_right_where_they_are_run() -> None:
    found = [compare(text, n, 1) for n, text in enumerate(FUNCTIONS)]
    right, wrong = map(sum, zip(*found))
    assert wrong > 6 and right == wrong


@pytest.mark.slow
@pytest.mark.parametrize("text", FUNCTIONS)
def test_many_lines_are_right_where_they_are_run(text: str) -> None:
    right, wrong = compare(text, 0, many(40))
    assert wrong > 0.4 * many(40) and right > 0.97 * wrong


LOCALS = """import numpy as np

SCALE = 2.5
HALF = np.pi / 2


def _part(x, s):
    return x**2 * s


def f(x, k, c):
    z = (x - c) / k
    s = np.sin(z)
    return _part(x, s) + k * np.exp(-c * x) * SCALE + HALF * np.where(x > c, x**3, c)


def f_prime(x, k, c):
    e = np.exp(-c * x)  # read below
    z = (x - c) / k
    s = np.cos(z)
    dz = np.where(x > c, 3 * x**2, 0.0)
    d_x = (
        2*x*np.sin(z)
        + x**2*s/k - c*k*e*SCALE
        - HALF*dz  # the sign
    )
    d_k = -x**2*s*z/k + e*SCALE
    return [d_x, d_k, -x**2*s/k - x*k*e*SCALE]
"""


def test_the_lines_are_in_the_words_of_the_file() -> None:
    said, made = righted(LOCALS)
    assert made is not None and [f.verdict for f in said.findings] == ["wrong", "right", "wrong"]  # fmt: skip
    new = "\n".join(made.lines)
    # What has its value there is read, not made again; what is called so is not called otherwise.
    assert not re.search(r"^\s*(e|z|s|dz|k|SCALE|HALF) = ", new, re.MULTILINE)
    assert re.search(r"\be\b", new) and "np.cos(z)" in new and "SCALE" in new
    assert "np.where(" in new and " if " not in new and "+=" not in new
    assert "\n    return [d_x, d_k, " in new and "    d_x = " in new
    before, after = ({*text.splitlines()} for text in (LOCALS, made.text))
    assert {*made.lines} <= after and len(before - after) == 6
    found = run(made.text)
    draw = np.random.default_rng(3)
    x, k, c = (draw.uniform(0.3, 2, 40) for _ in range(3))
    got = found["f_prime"](x, k, c)
    for place, one in enumerate(zip(x, k, c)):
        with mpmath.workdps(50):
            true = [float(mpmath.diff(_exact, one, n)) for n in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]  # fmt: skip
        assert [float(part[place]) for part in got] == pytest.approx(true, rel=1e-9)


def _exact(x: Any, k: Any, c: Any) -> Any:
    step = x**3 if x > c else c
    return x**2 * mpmath.sin((x - c) / k) + k * mpmath.exp(-c * x) * 2.5 + mpmath.pi / 2 * step  # fmt: skip


JACOBIANS = """import math


def f(x, y):
    r = math.hypot(x, y)
    return x * r, math.exp(y) * x


def f_prime(x, y):
    r = math.hypot(x, y)
    return [
        [r + x * x / r, x * y],  # by x, y
        [math.exp(y), x * math.exp(x)],
    ]
"""


def test_a_cell_of_a_jacobian_is_made_right() -> None:
    _, made = righted(JACOBIANS)
    assert made is not None and "  # by x, y" in made.text
    rows = run(made.text)["f_prime"](0.3, 0.4)
    assert rows[0] == pytest.approx([0.5 + 0.09 / 0.5, 0.12 / 0.5])
    assert rows[1] == pytest.approx([np.exp(0.4), 0.3 * np.exp(0.4)])


@pytest.mark.parametrize(
    "body",
    [
        "    if x > 1:\n        return 2.0, 3.0\n    return 3.0, 4.0",
        "    a = 2.0; return a, k * x",
        "    both = 2.0, x\n    return both",
    ],
)
def test_where_a_slope_stands_is_told_or_nothing_is_said(body: str) -> None:
    text = f"def f(x, k):\n    return k * x**2\n\n\ndef f_prime(x, k):\n{body}\n"
    said, made = righted(text)
    assert said.wrong and made is None


def test_a_name_that_others_read_keeps_its_value() -> None:
    text = "def f(x, k):\n    return k * x**3\n\n\ndef f_prime(x, k):\n    d_x = k * x**2\n    d_k = d_x * x / k\n    return d_x, d_k\n"
    _, made = righted(text)
    assert made is not None
    assert run(made.text)["f_prime"](2.0, 5.0) == pytest.approx((60.0, 8.0))


METHOD = """import numpy as np


class Power:
    def __init__(self, power, scale):
        self.power = power
        self.scale = scale

    def value(self, x):
        return self.scale * np.power(x, self.power)

    def derivative(self, x):
        return self.scale * np.power(x, self.power - 1)
"""


def test_the_command_prints_the_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.py"
    path.write_text(LOCALS)
    assert main(["audit", f"{path}:f", "--against", f"{path}:f_prime"]) == 1
    out = capsys.readouterr().out
    _, made = righted(LOCALS)
    assert made is not None
    assert out.endswith("right is in f_prime:\n\n" + "\n".join(made.lines) + "\n")
    assert main(["audit", str(path), "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["right"] == [*made.lines]
    path.write_text(METHOD)
    assert main(["audit", str(path)]) == 1
    out = capsys.readouterr().out
    lines = out.partition("right is in Power_derivative:\n\n")[2].splitlines()[:-1]
    assert lines and "self.power" in lines[-1] and "self_" not in "\n".join(lines)
    fixed = METHOD.partition("        return self.scale * np.power(x, self.power - 1)")
    space = run(fixed[0] + "\n".join(f"    {line}" for line in lines) + "\n")
    assert space["Power"](3.0, 2.0).derivative(1.5) == pytest.approx(13.5)
    assert [pair.attributes for pair in pairs(METHOD)] == [{"self_power": "self.power", "self_scale": "self.scale"}]  # fmt: skip


SHAPED = """import numpy as np


def f(x, m, k):
    a, b = x
    return a * np.exp(-k * b) + m[0][1] * m[1][0] * b


def f_prime(x, m, k):
    e = np.exp(-k * x[1])
    return [e, k * x[0] * e, 0.0, m[1][0], m[0][1] * x[1], 0.0, -x[1] * x[0] * e]
"""


def test_numbers_in_sequences_are_asked_for_as_the_file_does() -> None:
    imports = Imports(shapes={"x": (2,), "m": (2, 2)})
    both = (imports, imports)
    said = audit(SHAPED, "f", SHAPED, "f_prime", imports=both)
    pair = Pair(SHAPED, "f", SHAPED, "f_prime", imports=both)
    made = corrected(pair, said)
    assert [f.verdict for f in said.findings].count("wrong") == 2 and made is not None
    got = run(made.text)["f_prime"]([0.3, 0.7], [[1.0, 2.0], [3.0, 4.0]], 0.9)
    e = np.exp(-0.9 * 0.7)
    true = [e, -0.9 * 0.3 * e + 6.0, 0.0, 3.0 * 0.7, 2.0 * 0.7, 0.0, -0.7 * 0.3 * e]
    assert got == pytest.approx(true)
    assert "x[0]" in "".join(made.lines) and "m[1][0]" in "".join(made.lines)
