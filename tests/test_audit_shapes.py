"""Jacobians, methods, reasons and runs: which slopes are claimed is told, and what is wrong with one is said."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
import sympy

from gradgen.audit.compare import audit
from gradgen.audit.pairs import pairs
from gradgen.audit.run import audit_running
from gradgen.command.main import main
from gradgen.corrected import Pair, corrected
from gradgen.errors import GradgenError
from tests.pages import page

FORMULAS = ["x*sin(y)", "exp(x)*y**2", "x/(1 + y**2)", "x*y + tanh(x)", "cos(x*y)"]
X, Y = sympy.symbols("x y")


def rows_of(results: list[str], columns: bool) -> list[list[str]]:
    slopes = [[str(sympy.diff(sympy.sympify(f), v)) for v in (X, Y)] for f in results]
    return [list(row) for row in zip(*slopes)] if columns else slopes


def written(results: list[str], rows: list[list[str]], form: int) -> str:
    """Return a file with a function of several results and its Jacobian, in one of several forms."""
    inner = [", ".join(row) for row in rows]
    said = [
        "[" + ", ".join(f"[{row}]" for row in inner) + "]",
        "(" + ", ".join(f"({row},)" for row in inner) + ")",
        "np.array([\n        " + ",\n        ".join(f"[{row}]" for row in inner) + "])",
        "[\n"
        + "".join(f"        (\n            {row},\n        ),\n" for row in inner)
        + "    ]",
    ][form]
    head = (
        "from math import cos, cosh, exp, sin, sinh, tanh\n\nimport numpy as np\n\n\n"
    )
    return f"{head}def f(x, y):\n    return {', '.join(results)}\n\n\ndef j(x, y):\n    return {said}\n"


@pytest.mark.parametrize("form", range(4))
@pytest.mark.parametrize("columns", [False, True])
def test_jacobians_by_rows_and_by_columns(form: int, columns: bool) -> None:
    for count in (2, 3):
        results = (FORMULAS * 2)[form : form + count]
        text = written(results, rows_of(results, columns), form)
        said = audit(text, "f", text, "j")
        assert [f.verdict for f in said.findings] == ["right"] * 2 * count
        which = "by one parameter each" if columns else "of one result each"
        assert said.arranged.endswith(which)


def test_a_wrong_cell_is_named() -> None:
    draw = random.Random(3)
    for _ in range(6):
        results = draw.sample(FORMULAS, 3)
        columns = draw.random() < 0.5
        rows = rows_of(results, columns)
        row, place = draw.randrange(len(rows)), draw.randrange(len(rows[0]))
        rows[row][place] = f"-({rows[row][place]})"
        text = written(results, rows, draw.randrange(4))
        wrong = [f for f in audit(text, "f", text, "j").findings if f.verdict != "right"]  # fmt: skip
        result, by = (place, row) if columns else (row, place)
        assert [f.slope for f in wrong] == [f"df[{result}]/d{'xy'[by]}"]
        assert wrong[0].reason == "the sign"


def test_a_slope_in_the_place_of_its_mirror_image_is_called_transposed() -> None:
    results = FORMULAS[:2]
    rows = rows_of(results, False)
    rows[0][1] = rows[1][0]
    text = written(results, rows, 0)
    (wrong,) = [f for f in audit(text, "f", text, "j").findings if f.verdict == "wrong"]
    assert wrong.slope == "df[0]/dy" and "transposed" in wrong.reason


PARTS = """import math


def f(x, k, c):
    z = (x - c) / k
    s = math.sin(z)
    return x**2 * s + k * math.exp(-c * x)


def right(x, k, c):
    z = (x - c) / k
    e = math.exp(-c * x)
    return (2*x*math.sin(z) + x**2*math.cos(z)/k - c*k*e, -x**2*math.cos(z)*z/k + e, -x**2*math.cos(z)/k - x*k*e)
"""


@pytest.mark.parametrize(
    ("old", "new", "slope", "reason"),
    [
        ("*z/k + e,", "*z/k,", "df/dk", "the part by way of `k*exp((-c)*x)` is missing"),
        ("- c*k*e", "+ c*k*e", "df/dx", "the part by way of `k*exp((-c)*x)` has the wrong sign"),
        ("-x**2*math.cos(z)/k -", "x**2*math.cos(z)/k -", "df/dc", "the part by way of `x**2*s` has the wrong sign"),
        ("- x*k*e", "- 3*x*k*e", "df/dc", "the part by way of `k*exp((-c)*x)` has a factor 3 too much"),
        ("- c*k*e", "- c*k*e + x**3*c", "df/dx", "the term `c*x**3` is too much"),
    ],
)  # fmt: skip
def test_the_part_that_is_wrong_is_named(
    old: str, new: str, slope: str, reason: str
) -> None:
    assert PARTS.count(old) == 1
    text = PARTS.replace(old, new)
    (wrong,) = [f for f in audit(PARTS, "f", text, "right").findings if f.verdict == "wrong"]  # fmt: skip
    said = wrong.reason.replace("x**2*sin((-c + x)/k)", "x**2*s")
    assert (wrong.slope, said) == (slope, reason)


def test_the_first_value_that_is_another_is_named() -> None:
    head, tail = PARTS.split("def right")
    text = f"{head}def right{tail.replace('(x - c) / k', '(x - c) / k**2')}"
    said = audit(text, "f", text, "right")
    assert {f.reason for f in said.findings} == {"`z` is another value there than in f"}
    assert not audit(PARTS, "f", PARTS, "right").wrong


CLASSES = """import numpy as np


class Power:
    offset = 0.5

    def __init__(self, power=1.0, scale=2.0):
        self.power = power
        self.scale = scale

    def _clean(self, p):
        return p + self.offset

    def __call__(self, p):
        return self.scale * np.power(self._clean(p), self.power)

    def deriv(self, p):
        return self.scale * self.power * np.power(self._clean(p), self.power - 1)

    def deriv2(self, p):
        return self.power * (self.power - 1) * np.power(p + 0.5, self.power - 2)


class Depends:
    def __init__(self, a):
        self.a = a
        self.half = a / 2

    def __call__(self, x):
        return self.a * x**2

    def deriv(self, x):
        return 4 * self.half * x


class Changed:
    def __init__(self, a):
        a = 2 * a
        self.a = a
        self.b = 1.0

    def grow(self):
        self.b = self.b + 1

    def value(self, x):
        return self.b * x**2

    def derivative(self, x):
        return self.a * x


class Property:
    def __init__(self, a):
        self.a = a

    @property
    def twice(self):
        return 2 * self.a

    def value(self, x):
        return self.a * x**2

    def derivative(self, x):
        return self.twice * x
"""


def test_methods_are_functions_of_what_their_object_was_given() -> None:
    found = [*pairs(CLASSES)]
    # What may depend on something else is not judged: no false alarm comes of it.
    assert [pair.said for pair in found] == [
        "Power.deriv of Power.__call__",
        "Power.deriv2 of Power.deriv",
    ]
    verdicts = []
    for pair in found:
        said = audit(pair.text, pair.function, pair.text, pair.against, own=pair.own)
        assert said.arranged.startswith("by p")
        verdicts += [(f.verdict, f.reason) for f in said.findings]
    assert verdicts == [("right", ""), ("wrong", "a factor self_scale missing")]


def test_the_listing_of_its_page() -> None:
    below = page("audits").partition("--against model.py:decay_prime\n")[2]
    listed = below.partition("```")[0]
    head = "(t, k):\n    return "
    slopes = "-k * math.exp(-k * t), t * math.exp(-k * t)"
    text = f"import math\n\n\ndef decay{head}math.exp(-k * t)\n\n\ndef decay_prime{head}{slopes}\n"
    said = audit(text, "decay", text, "decay_prime")
    made = corrected(Pair(text, "decay", text, "decay_prime"), said)
    assert made is not None
    right = ["", "right is in decay_prime:", "", *made.lines]
    assert [*said.lines(), *right] == listed.splitlines()


def test_verdicts_for_code_scanners(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.py").write_text(CLASSES)
    assert main(["audit", str(tmp_path), "--format", "sarif"]) == 1
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("model.py")
    line = CLASSES.splitlines()[place["region"]["startLine"] - 1]
    assert line.strip().startswith("def deriv2") and result["level"] == "error"
    assert result["ruleId"] in [rule["id"] for rule in run["tool"]["driver"]["rules"]]


RUN = """import math
import pathlib

pathlib.Path(__file__).with_name("ran").touch()


def f(x, k, method="a"):
    n = 3 if pathlib.Path(__file__).exists() else 0
    total = 0.0
    while n > 0:
        total += math.exp(-k * x) / n
        n -= 1
    return total


def right(x, k, method="a"):
    return -k * 11 / 6 * math.exp(-k * x), -x * f(x, k)


def wrong(x, k):
    return {"x": 1}, 2


def factor(x, k):
    return -k * f(x, k), -2 * x * f(x, k)
"""


def test_what_cannot_be_read_is_run_if_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, ran = tmp_path / "model.py", tmp_path / "ran"
    path.write_text(RUN)
    for against, code in (("right", 0), ("factor", 1), ("wrong", 2), ("none", 2)):
        words = ["audit", f"{path}:f", "--against", f"{path}:{against}"]
        assert main(words) == 2
        assert not ran.exists()
        assert main([*words, "--run"]) == code
        assert ran.exists()
        ran.unlink()
        out, err = capsys.readouterr()
        assert "--run imports and runs" in err and "Traceback" not in err
        if against == "factor":
            assert "df/dx  right" in out and "df/dk  wrong" in out
    assert main(["audit", str(path), "--run"]) == 2


def test_runs_by_differences(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    for number, results in enumerate(itertools.combinations(FORMULAS, 3)):
        rows = rows_of([*results], bool(number % 2))
        sign = number % 3 == 0
        if sign:
            rows[0][0] = f"-({rows[0][0]})"
        path.write_text(
            written([*results], rows, number % 2).replace("import numpy as np\n", "")
        )
        said = audit_running(path, "f", path, "j")
        assert [f.verdict for f in said.findings].count("wrong") == sign
        assert [f.verdict for f in said.findings].count("right") == 6 - sign
    path.write_text("raise SystemExit(3)\n")
    with pytest.raises(GradgenError, match="cannot be imported"):
        audit_running(path, "f", path, "j")


def test_a_slope_that_is_right_within_limits_is_no_alarm() -> None:
    head = "import numpy as np\n\n\ndef "
    text = (
        f"{head}f(x):\n    return np.log(np.clip(x, 0.5, 2.0))\n\n\n"
        "def f_prime(x):\n    return 1 / np.clip(x, 0.5, 2.0)\n\n\n"
        "def f_other(x):\n    return 1.5 / np.clip(x, 0.5, 2.0)\n"
    )
    (said,) = audit(text, "f", text, "f_prime").findings
    assert said.verdict == "unknown" and "stands still" in said.reason
    (said,) = audit(text, "f", text, "f_other", wrt=("x",)).findings
    assert said.verdict == "wrong"
