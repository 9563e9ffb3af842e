"""Python functions that hold tuples, lists, dicts, arrays and loops over them: equal to what Python computes, or refused at their line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.read.python.function import read_function
from gradgen.sources import compile_function
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
    for point in POINTS:
        assert close(evaluate(read, point), run(case["text"], "f", point)), read.program


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
