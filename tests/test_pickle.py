"""A program is data: it travels to another process, prints there, and is written there as the same module."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from gradgen.pipeline import compile
from gradgen.targets import PYTHON
from gradgen.write.module import render

PROGRAMS = [
    "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)",
    "def softabs(x): return sqrt(x**2 + 1e-6)\nu = softabs(a - b)",
    "y = a*b; c = y if k > 0 else (1 if y > 1 else y); c if c > 0 else 0",
]
ELSEWHERE = """
import pickle, sys
from gradgen.targets import PYTHON
from gradgen.write.module import render
program = pickle.load(sys.stdin.buffer)
print(program)
print(render(program, PYTHON, "f").text)
"""


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_program_is_written_in_another_process(root: Path, text: str) -> None:
    program = compile(text).program
    made = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=pickle.dumps(program),
        capture_output=True,
        cwd=root,
        check=True,
    )
    here = f"{program}\n{render(program, PYTHON, 'f').text}\n"
    assert made.stdout.decode() == here
    assert pickle.loads(pickle.dumps(program)) == program


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_compiled_formula_is_copied_whatever_it_was_asked_for(text: str) -> None:
    made = compile(text)
    point = [0.5] * len(made.program.inputs)
    asked = made(*point), made.jacobian(*point), made.trace(*point)
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert (again(*point), again.jacobian(*point), again.trace(*point)) == asked
