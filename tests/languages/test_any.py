"""Modules in other languages than Python are proven and verified by the same program in Python, wherever they come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.read.python.function import read_function
from gradgen.sources import compile_function, compile_read
from gradgen.targets import SUFFIXES, TARGETS
from gradgen.verify import verify

_OTHERS = [*SUFFIXES.values()]
_FUNCTION = """import math


def rate(a, k, t=2.0):
    s = 0.0
    for i in range(3):
        s += a**i
    return s * math.exp(-k * t)
"""


@pytest.mark.parametrize("target", _OTHERS)
def test_a_python_function_becomes_a_module_in_another_language(target: str) -> None:
    made = compile_function(_FUNCTION, "rate", target=target, params="t")
    assert made.recipe.target == target and not made.unproven
    # Another function in its place is noticed.
    found = read_function(_FUNCTION, "rate")
    wrong = replace(found, program=found.program.replace("-k", "k"))
    assert wrong.program != found.program
    with pytest.raises(GradgenError, match="the function"):
        compile_read(wrong, target=target)


@pytest.mark.parametrize("target", _OTHERS)
def test_modules_in_other_languages_are_verified(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"model{TARGETS[target].suffix}"
    options = ["compile", "new*double*exp(-x**2)", "--target", target, "-o", str(path)]
    assert main([*options, "--verify"]) == 0
    for words in ([str(path)], [options[1], "--target", target]):
        capsys.readouterr()
        assert main(["verify", *words, "--samples", "5"]) == 0
        out = capsys.readouterr().out.splitlines()
        assert out[-2:] == [
            "5 points compared with 450 digits",
            "the same program was run in Python",
        ]
    # Where the value is finite and found through an infinity, nothing raises.
    made = compile("1/cosh(x)", target=target, as_written=True)
    assert verify(made, points=[(800.0,)]).compared == 1
    assert not verify(compile("x"), points=[(1.0,)]).instead
