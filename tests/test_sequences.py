"""Python functions that hold tuples, lists, dicts, arrays and loops over them: equal to what Python computes, or refused at their line."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import mpmath
import pytest

import gradgen
from gradgen.errors import GradgenError
from gradgen.prove.plain_python import plain_function
from gradgen.read.python.function import read_function
from gradgen.sources import compile_function
from tests.cells import Cells
from tests.test_pynames import close, evaluate, run

#: Files with a function f(x, y), and why it is refused where it is.
CASES = [
    json.loads(line)
    for line in Path(__file__)
    .with_name("cases")
    .joinpath("sequences.jsonl")
    .read_text()
    .splitlines()
]
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
